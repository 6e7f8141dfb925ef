/** The values that the API speaks, under the names that the app uses; `schema.ts` is generated from the server. */
import type { components } from './schema.ts';

type Schemas = components['schemas'];

export type Picture = Schemas['Picture'];
export type Card = Schemas['Card'];
export type Kind = Card['kind'];
export type Row = Schemas['Row'];
export type Preparing = Schemas['Preparing'];
export type Home = Schemas['Home'];
export type Person = Schemas['Person'];
export type Season = Schemas['Season'];
export type TitlePage = Schemas['TitlePage'];
export type TitleList = Schemas['CardPage'];
export type SearchResult = Schemas['Results'];
export type Storyboard = Schemas['SeekPictures'];
export type PlaybackDevice = NonNullable<Schemas['PlaybackRequest']['device']>;
export type PlaybackSession = Schemas['PlaybackStarted'];
/** A title as the player knows it: less than a card. */
export type Played = Schemas['PlayedTitle'];
export type Heartbeat = Schemas['Heartbeat'];
export type Stage = Schemas['Stage'];
export type Job = Schemas['Activity'];
export type Session = Schemas['SessionState'];
export type EncodingQueue = Schemas['EncodingQueue'];
export type QueuedTitle = Schemas['QueuedTitle'];
export type QueuedStage = Schemas['QueuedStage'];
export type BusyWorker = Schemas['BusyWorker'];
export type Storage = Schemas['Storage'];
export type StorageShare = Schemas['Share'];
export type Span = Schemas['Span'];
export type Marks = Schemas['TitleMarks'];
export type MarksEdit = Schemas['MarksEdit'];
export type MarkedEpisode = Schemas['MarkedEpisode'];
export type Report = Schemas['Report'];
export type Ladder = Schemas['Ladder'];
export type RenditionReport = Schemas['RenditionReport'];
export type Score = Schemas['Score'];
export type Choice = Schemas['Decision']['choice'];
