/** Builds the app as static files with `index.html` as the fallback of every address; in development, talks to a server. */
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';
import project from './package.json' with { type: 'json' };

const server = process.env['MATINEE'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter({ fallback: 'index.html' }),
      version: { name: project.version, pollInterval: 0 },
      csp: {
        mode: 'hash',
        directives: {
          'default-src': ['self'],
          'script-src': ['self'],
          'style-src': ['self'],
          // The style of the element in which SvelteKit tells screen readers about a new page.
          'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
          'img-src': ['self', 'data:', 'blob:'],
          // Media comes from edges, which are other hosts and are not known when the app is built.
          'media-src': ['self', 'blob:', 'http:', 'https:'],
          'connect-src': ['self', 'http:', 'https:'],
          'worker-src': ['self', 'blob:'],
          'object-src': ['none'],
          'base-uri': ['none'],
          'form-action': ['self'],
        },
      },
      paths: { relative: false },
    }),
  ],
  build: { target: 'es2022', chunkSizeWarningLimit: 600 },
  server: {
    proxy: Object.fromEntries(['/v1', '/images', '/health', '/schema', '/media'].map((path) => [path, { target: server }])),
  },
  test: { include: ['tests/**/*.test.ts'] },
});
