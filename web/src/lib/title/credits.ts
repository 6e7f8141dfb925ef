/** Who made it, in the order of a title card. Pure. */
import type { Person } from '../api/types.ts';
import type { Message } from '../text/messages.ts';

const ROLES: [Person['role'], Message][] = [
  ['director', 'title.directedBy'],
  ['writer', 'title.writtenBy'],
  ['cast', 'title.with'],
  ['producer', 'title.producedBy'],
  ['composer', 'title.musicBy'],
];

export interface Credit {
  label: Message;
  names: string[];
}

const HEAD_ROLES_MAX = 3;
const HEAD_NAMES_MAX = 4;

/** Everybody, a role each, in billing order; roles without anybody are left out. */
export function credits(people: readonly Person[]): Credit[] {
  return ROLES.map(([role, label]) => ({
    label,
    names: people.filter((person) => person.role === role).map((person) => person.name),
  })).filter((credit) => credit.names.length > 0);
}

/** Those that the head of a page has room for; roles with more to say, as of the characters, are told further down. */
export function headCredits(people: readonly Person[]): Credit[] {
  const hasCharacters = people.some((person) => person.role === 'cast' && person.character !== '');
  return credits(people)
    .filter(({ label, names }) => names.length <= HEAD_NAMES_MAX && !(label === 'title.with' && hasCharacters))
    .slice(0, HEAD_ROLES_MAX);
}
