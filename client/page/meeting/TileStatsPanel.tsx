// Figures of a tile over its picture.
import type { JSX } from 'preact';
import type { MeetingClient, PictureSource } from '../../media/MeetingClient.ts';
import { statLines } from '../text/formatStats.ts';
import { useTick } from './useTick.ts';

/** The client's figures are those of the last second. */
const REFRESH_MS = 1_000;

export interface TileStatsPanelProps {
  readonly client: MeetingClient;
  readonly userId: number;
  readonly source: PictureSource;
}

export function TileStatsPanel({ client, userId, source }: TileStatsPanelProps): JSX.Element {
  useTick(REFRESH_MS);
  return (
    <dl class="tile-stats" data-testid="tile-stats">
      {statLines(client.stats(userId, source)).map(({ label, value }) => (
        <div key={label} class="tile-stat">
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
