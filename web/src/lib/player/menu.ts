/** What a menu of the player offers. */

/** Which menu is open. */
export type OpenMenu = 'subtitles' | 'settings' | null;

export interface Option {
  label: string;
  detail?: string;
  isChosen: boolean;
  choose: () => void;
}

/** One of many, under a title. */
export interface Group {
  title: string;
  options: Option[];
}
