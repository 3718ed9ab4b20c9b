// Everybody's tile, as large as the stage allows.
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { MeetingClient } from '../../media/MeetingClient.ts';
import { gridLayout } from './gridLayout.ts';
import { Tile } from './Tile.tsx';
import { useElementSize } from './useElementSize.ts';

/** As `gap` of `.grid` in meeting.css. */
const GAP_PX = 10;

export interface GridProps {
  readonly client: MeetingClient;
  readonly statisticsShown: boolean;
}

export function Grid({ client, statisticsShown }: GridProps): JSX.Element {
  const stage = useRef<HTMLDivElement>(null);
  const { width, height } = useElementSize(stage);
  const { participants } = client;
  const count = participants.length;
  const layout = useMemo(() => gridLayout({ count, width, height, gap: GAP_PX }), [count, width, height]);
  return (
    <div ref={stage} class="stage" data-scrolls={String(layout.scrolls)}>
      <ul
        class="grid"
        aria-label="Participants"
        data-columns={layout.columns}
        style={{
          '--columns': layout.columns,
          '--tile-width': `${layout.tileWidth}px`,
          '--tile-height': `${layout.tileHeight}px`,
        }}
      >
        {participants.map((participant) => (
          <Tile
            key={participant.userId}
            client={client}
            participant={participant}
            statisticsShown={statisticsShown}
          />
        ))}
      </ul>
    </div>
  );
}
