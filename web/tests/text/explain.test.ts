import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/lib/api/problem.ts';
import { explain, sentence } from '../../src/lib/text/explain.ts';

describe('a problem in words', () => {
  it("is the server's own, as a sentence", () => {
    const problem = Problem.fromResponse(409, '{"detail": "the film is not ready", "code": "not_ready"}');
    expect(explain(problem)).toBe('The film is not ready.');
    expect(problem.code).toBe('not_ready');
  });

  it('says that nobody answered', () => {
    expect(explain(Problem.offline())).toContain('does not answer');
  });

  it('is ours when a gateway answers with a page', () => {
    expect(explain(Problem.fromResponse(502, '<html>Bad gateway</html>'))).toContain('502');
  });

  it('asks for patience after too many requests', () => {
    expect(explain(Problem.fromResponse(429, ''))).toContain('Wait');
  });

  it('names anything else by its kind', () => {
    expect(explain(new TypeError('x is undefined'))).toContain('TypeError');
    expect(explain('what')).toContain('unknown');
  });
});

describe('sentence', () => {
  it('starts large and ends once', () => {
    expect(sentence('the disk is full')).toBe('The disk is full.');
    expect(sentence('Really? ')).toBe('Really?');
    expect(sentence('')).toBe('');
  });
});
