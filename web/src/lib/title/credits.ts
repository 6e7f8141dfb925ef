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

/** Up to `limit` names a role, in billing order; roles without anybody are left out. */
export function credits(people: readonly Person[], limit: number): Credit[] {
  return ROLES.map(([role, label]) => ({
    label,
    names: people.filter((person) => person.role === role).map((person) => person.name).slice(0, limit),
  })).filter((credit) => credit.names.length > 0);
}
