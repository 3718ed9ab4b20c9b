// Everybody's tile, as large as the stage allows.
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { MeetingClient } from '../../media/MeetingClient.ts';
import { enlargedLayout, gridLayout } from './gridLayout.ts';
import { Tile } from './Tile.tsx';
import { useElementSize } from './useElementSize.ts';
import type { HostActions } from './useHostActions.ts';
import { useShortcuts } from './useShortcuts.ts';

/** As `gap` of `.grid` in meeting.css. */
const GAP_PX = 10;

export interface GridProps {
  readonly client: MeetingClient;
  readonly statisticsShown: boolean;
  readonly hostActions: HostActions | undefined;
}

export function Grid({ client, statisticsShown, hostActions }: GridProps): JSX.Element {
  const stage = useRef<HTMLDivElement>(null);
  const { width, height } = useElementSize(stage);
  const { participants } = client;
  const count = participants.length;
  const layout = useMemo(() => gridLayout({ count, width, height, gap: GAP_PX }), [count, width, height]);
  const [chosenId, setChosenId] = useState<number>();
  // Who was enlarged may have left.
  const enlargedId = count > 1 ? participants.find(({ userId }) => userId === chosenId)?.userId : undefined;
  useShortcuts(enlargedId === undefined ? {} : { escape: () => setChosenId(undefined) });
  const sizes = useMemo(() => enlargedLayout({ count, width, height, gap: GAP_PX }), [count, width, height]);
  const sizeOf = (userId: number) => {
    if (enlargedId === undefined) return { width: layout.tileWidth, height: layout.tileHeight };
    return userId === enlargedId ? sizes.large : sizes.small;
  };
  const scrolls = enlargedId === undefined ? layout.scrolls : sizes.scrolls;
  return (
    <div ref={stage} class="stage" data-scrolls={String(scrolls)}>
      <ul
        class="grid"
        aria-label="Participants"
        data-columns={layout.columns}
        data-enlarged={String(enlargedId !== undefined)}
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
            size={sizeOf(participant.userId)}
            enlarged={participant.userId === enlargedId}
            onToggleSize={
              count > 1
                ? () => setChosenId(participant.userId === enlargedId ? undefined : participant.userId)
                : undefined
            }
            statisticsShown={statisticsShown}
            hostActions={participant.isSelf ? undefined : hostActions}
          />
        ))}
      </ul>
    </div>
  );
}
