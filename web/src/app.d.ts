/** Types that SvelteKit looks for. */
declare global {
  namespace App {
    interface Error {
      status: number;
      message: string;
    }
  }
}

export {};
