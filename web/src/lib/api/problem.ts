/** What went wrong, as the server said it (RFC 9457), or as the network did. */

export interface ProblemBody {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
}

/** An answer that is not the one we asked for; `message` is meant to be read by a person. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
  }

  /** The problem that a response describes; a body that is not a problem document gives its status alone. */
  static fromResponse(status: number, body: string): Problem {
    const parsed = parse(body);
    return new Problem(status, parsed.code ?? `http_${String(status)}`, parsed.detail ?? parsed.title ?? '');
  }

  /** Nobody answered: status 0. */
  static offline(): Problem {
    return new Problem(0, 'offline', '');
  }
}

function parse(body: string): ProblemBody {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
