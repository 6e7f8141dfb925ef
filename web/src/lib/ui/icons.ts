/** Our icons: strokes on a 24 px grid, 1.75 px wide; `filled` ones are drawn solid. */
export const icons = {
  play: { filled: true, paths: ['M6 3.9v16.2c0 .9 1 1.4 1.7.9l12-8.1c.6-.4.6-1.4 0-1.8l-12-8.1C7 2.5 6 3 6 3.9Z'] },
  pause: { filled: true, paths: ['M7 5h3.4v14H7z', 'M13.6 5H17v14h-3.4z'] },
  back10: { filled: false, paths: ['M5.2 8.2A8 8 0 1 1 4 12.6', 'M4.6 3.6v4.9h4.9'] },
  forward10: { filled: false, paths: ['M18.8 8.2A8 8 0 1 0 20 12.6', 'M19.4 3.6v4.9h-4.9'] },
  volume: {
    filled: false,
    paths: ['M3.5 9.5v5h3l4.5 4v-13l-4.5 4Z', 'M14.5 9a4 4 0 0 1 0 6', 'M17.2 6.3a8 8 0 0 1 0 11.4'],
  },
  volumeLow: { filled: false, paths: ['M3.5 9.5v5h3l4.5 4v-13l-4.5 4Z', 'M14.5 9a4 4 0 0 1 0 6'] },
  muted: { filled: false, paths: ['M3.5 9.5v5h3l4.5 4v-13l-4.5 4Z', 'm15.5 9.5 5 5', 'm20.5 9.5-5 5'] },
  next: { filled: false, paths: ['M5.5 5.2v13.6l10-6.8Z', 'M19 5v14'] },
  subtitles: {
    filled: false,
    paths: ['M5 4.8h14a2 2 0 0 1 2 2v10.4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6.8a2 2 0 0 1 2-2Z', 'M7 11h4', 'M13.5 11H17', 'M7 14.8h2', 'M11.5 14.8H17'],
  },
  settings: {
    filled: false,
    paths: ['M3 8h9.5', 'M17.5 8H21', 'M15 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z', 'M3 16h3.5', 'M11.5 16H21', 'M9 13.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z'],
  },
  pip: {
    filled: false,
    paths: ['M5 4.8h14a2 2 0 0 1 2 2v10.4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6.8a2 2 0 0 1 2-2Z', 'M12.5 12.5h5v3.5h-5Z'],
  },
  fullScreen: { filled: false, paths: ['M4 9V5.5A1.5 1.5 0 0 1 5.5 4H9', 'M15 4h3.5A1.5 1.5 0 0 1 20 5.5V9', 'M20 15v3.5a1.5 1.5 0 0 1-1.5 1.5H15', 'M9 20H5.5A1.5 1.5 0 0 1 4 18.5V15'] },
  exitFullScreen: { filled: false, paths: ['M9 4v3.5A1.5 1.5 0 0 1 7.5 9H4', 'M20 9h-3.5A1.5 1.5 0 0 1 15 7.5V4', 'M15 20v-3.5a1.5 1.5 0 0 1 1.5-1.5H20', 'M4 15h3.5A1.5 1.5 0 0 1 9 16.5V20'] },
  chevronLeft: { filled: false, paths: ['m14.5 5-7 7 7 7'] },
  chevronRight: { filled: false, paths: ['m9.5 5 7 7-7 7'] },
  search: { filled: false, paths: ['M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z', 'm15.5 15.5 5 5'] },
  info: { filled: false, paths: ['M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z', 'M12 11v5.5', 'M12 7.6v.2'] },
  close: { filled: false, paths: ['m6 6 12 12', 'M18 6 6 18'] },
  check: { filled: false, paths: ['m5 12.5 4.5 4.5L19 7.5'] },
  home: { filled: false, paths: ['M4 10.5 12 4l8 6.5V19a1 1 0 0 1-1 1h-4.5v-5.5h-5V20H5a1 1 0 0 1-1-1Z'] },
  film: { filled: false, paths: ['M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5Z', 'M8 4.5v15', 'M16 4.5v15', 'M3.5 9.5H8', 'M3.5 14.5H8', 'M16 9.5h4.5', 'M16 14.5h4.5'] },
  series: { filled: false, paths: ['M5 8.5h14a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18v-8A1.5 1.5 0 0 1 5 8.5Z', 'M6 5.8h12', 'M8.5 3.2h7'] },
  sparkle: { filled: false, paths: ['M12 3.5c.6 4.8 2.4 7.4 8 8.5-5.6 1.1-7.4 3.7-8 8.5-.6-4.8-2.4-7.4-8-8.5 5.6-1.1 7.4-3.7 8-8.5Z'] },
  upload: { filled: false, paths: ['M12 16V4.5', 'm7 9 5-4.8L17 9', 'M4.5 16v2.5A1.5 1.5 0 0 0 6 20h12a1.5 1.5 0 0 0 1.5-1.5V16'] },
  activity: { filled: false, paths: ['M3 12h4l2.5-7 5 14 2.5-7h4'] },
  signOut: { filled: false, paths: ['M14 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h8', 'M10 12h10.5', 'm17 8.5 3.5 3.5-3.5 3.5'] },
  retry: { filled: false, paths: ['M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9', 'M19.5 4v5h-5'] },
  warning: { filled: false, paths: ['M12 4 2.8 19.5h18.4Z', 'M12 10v4.5', 'M12 17v.2'] },
  copy: { filled: false, paths: ['M9 9h9.5A1.5 1.5 0 0 1 20 10.5V19a1.5 1.5 0 0 1-1.5 1.5H10A1.5 1.5 0 0 1 8.5 19V9.5', 'M15.5 6V5A1.5 1.5 0 0 0 14 3.5H5.5A1.5 1.5 0 0 0 4 5v8.5A1.5 1.5 0 0 0 5.5 15'] },
  trash: { filled: false, paths: ['M4.5 6.5h15', 'M9 6.5V4.8A1.3 1.3 0 0 1 10.3 3.5h3.4A1.3 1.3 0 0 1 15 4.8v1.7', 'M6.5 6.5l.8 12.6a1.5 1.5 0 0 0 1.5 1.4h6.4a1.5 1.5 0 0 0 1.5-1.4l.8-12.6'] },
} as const;

export type IconName = keyof typeof icons;
