// Everybody's tile, and what is shared, as large as the stage allows.
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { MeetingClient } from '../../media/MeetingClient.ts';
import { enlargedLayout, gridLayout } from './gridLayout.ts';
import { ScreenTile } from './ScreenTile.tsx';
import { shownItems } from './shownItems.ts';
import { Tile } from './Tile.tsx';
import { useElementSize } from './useElementSize.ts';
import { useEnlarged } from './useEnlarged.ts';
import type { HostActions } from './useHostActions.ts';
import { useShortcuts } from './useShortcuts.ts';

/** As `gap` of `.grid` in meeting.css. */
const GAP_PX = 10;

export interface GridProps {
  readonly client: MeetingClient;
  readonly statisticsShown: boolean;
  readonly hostActions: HostActions | undefined;
  readonly onStopSharing: () => void;
}

export function Grid(props: GridProps): JSX.Element {
  const { client, statisticsShown, hostActions, onStopSharing } = props;
  const stage = useRef<HTMLDivElement>(null);
  const { width, height } = useElementSize(stage);
  const items = shownItems(client.participants);
  const count = items.length;
  const layout = useMemo(() => gridLayout({ count, width, height, gap: GAP_PX }), [count, width, height]);
  const [chosenKey, choose] = useEnlarged(items);
  const enlarged = count > 1 ? chosenKey : undefined;
  useShortcuts(enlarged === undefined ? {} : { escape: () => choose(undefined) });
  const sizes = useMemo(() => enlargedLayout({ count, width, height, gap: GAP_PX }), [count, width, height]);
  const sizeOf = (key: string) => {
    if (enlarged === undefined) return { width: layout.tileWidth, height: layout.tileHeight };
    return key === enlarged ? sizes.large : sizes.small;
  };
  const scrolls = enlarged === undefined ? layout.scrolls : sizes.scrolls;
  return (
    <div ref={stage} class="stage" data-scrolls={String(scrolls)}>
      <ul
        class="grid"
        aria-label="Participants"
        data-columns={layout.columns}
        data-enlarged={String(enlarged !== undefined)}
        style={{
          '--columns': layout.columns,
          '--tile-width': `${layout.tileWidth}px`,
          '--tile-height': `${layout.tileHeight}px`,
        }}
      >
        {items.map(({ key, participant, source }) => {
          const tile = {
            client,
            participant,
            statisticsShown,
            size: sizeOf(key),
            enlarged: key === enlarged,
          };
          const toggleSize = (): void => choose(key === enlarged ? undefined : key);
          return source === 'screen' ? (
            <ScreenTile key={key} {...tile} onToggleSize={toggleSize} onStop={onStopSharing} />
          ) : (
            <Tile
              key={key}
              {...tile}
              onToggleSize={count > 1 ? toggleSize : undefined}
              hostActions={participant.isSelf ? undefined : hostActions}
            />
          );
        })}
      </ul>
    </div>
  );
}
