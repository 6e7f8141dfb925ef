// Copies the open typefaces that posters and title cards are set in from their packages to build/fonts/posters/,
// where the server finds them. Runs after the build. The list is that of src/matinee/catalog/lettering.py.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(web, 'build', 'fonts', 'posters');

/** Latin faces: package, weight and style; the extended letters come along where the face has them. */
const faces = [
	['cormorant-garamond', '600-normal'],
	['playfair-display', '400-normal'],
	['instrument-serif', '400-italic'],
	['fraunces', '300-normal'],
	['limelight', '400-normal'],
	['big-shoulders-display', '700-normal'],
	['big-shoulders-display', '200-normal'],
	['italiana', '400-normal'],
	['syne', '800-normal'],
	['anton', '400-normal'],
	['cinzel', '400-normal'],
	['poiret-one', '400-normal'],
	['oswald', '300-normal']
];

/** For titles in other scripts: package and subset, weight 600. */
const fallbacks = [
	['noto-sans', 'latin'],
	['noto-sans', 'latin-ext'],
	['noto-sans', 'cyrillic'],
	['noto-sans', 'cyrillic-ext'],
	['noto-sans', 'greek'],
	['noto-sans', 'vietnamese'],
	['noto-sans', 'devanagari'],
	['noto-sans-arabic', 'arabic'],
	['noto-sans-hebrew', 'hebrew']
];

function copy(folder, file, isOptional = false) {
	const source = join(web, 'node_modules', folder, 'files', file);
	if (!existsSync(source) && isOptional) return;
	copyFileSync(source, join(target, file));
}

mkdirSync(target, { recursive: true });
for (const subset of ['latin', 'latin-ext']) {
	copy('@fontsource-variable/bricolage-grotesque', `bricolage-grotesque-${subset}-wdth-normal.woff2`);
	for (const [name, style] of faces) {
		copy(`@fontsource/${name}`, `${name}-${subset}-${style}.woff2`, subset === 'latin-ext');
	}
}
for (const [name, subset] of fallbacks) {
	copy(`@fontsource/${name}`, `${name}-${subset}-600-normal.woff2`);
}
