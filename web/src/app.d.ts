/** Types that SvelteKit looks for. */
declare global {
  namespace App {
    interface Error {
      status: number;
      message: string;
    }

    interface PageData {
      /** When the server said what a page shows (Unix milliseconds), while it is away; null, or nothing, else. */
      heardAt?: number | null;
    }
  }
}

export {};
