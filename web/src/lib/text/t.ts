/** Looks a sentence up and fills in its values. */
import { en, type Message } from './messages.ts';

type Values = Record<string, string | number>;
/** The stem of the messages that come as `<stem>.one` and `<stem>.other`. */
type Counted = Message extends infer M ? (M extends `${infer Stem}.other` ? Stem : never) : never;

const messages: Record<Message, string> = en;
const plural = new Intl.PluralRules('en');

/** The message with each `{name}` replaced by its value. */
export function t(key: Message, values: Values = {}): string {
  return messages[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The message in the form that fits the number `n`, which is also a value. */
export function tn(stem: Counted, n: number, values: Values = {}): string {
  const form = plural.select(n) === 'one' ? 'one' : 'other';
  return t(`${stem}.${form}`, { n, ...values });
}
