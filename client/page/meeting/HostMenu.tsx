// What a host may do about somebody, in a menu on their tile (WAI-ARIA menu button pattern). It opens above everything: a
// tile may be smaller than its menu.
import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import type { ParticipantView } from '../../media/MeetingClient.ts';
import { Icon } from '../ui/Icon.tsx';
import { menuPlace } from './menuPlace.ts';
import type { HostActions } from './useHostActions.ts';

export interface HostMenuProps {
  readonly participant: ParticipantView;
  readonly actions: HostActions;
}

interface Item {
  readonly testId: string;
  readonly text: string;
  readonly danger?: boolean;
  /** The menu stays open. */
  readonly asks?: boolean;
  readonly run: () => void;
}

export function HostMenu({ participant, actions }: HostMenuProps): JSX.Element {
  const { userId, displayName, audioMutedByHost, videoMutedByHost, sharesScreen } = participant;
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [confirming, setConfirming] = useState(false);

  const items: readonly Item[] = [
    {
      testId: 'host-mute-audio',
      text: audioMutedByHost ? 'Allow to speak again' : 'Mute for everyone',
      run: () => actions.mute(userId, 'audio', !audioMutedByHost),
    },
    {
      testId: 'host-mute-video',
      text: videoMutedByHost
        ? 'Allow camera again'
        : `Turn camera${sharesScreen ? ' and screen' : ''} off for everyone`,
      run: () => actions.mute(userId, 'video', !videoMutedByHost),
    },
    confirming
      ? {
          testId: 'host-remove-confirm',
          text: `Really remove ${displayName}?`,
          danger: true,
          run: () => actions.remove(userId),
        }
      : { testId: 'host-remove', text: 'Remove…', danger: true, asks: true, run: () => setConfirming(true) },
  ];

  const entries = (): HTMLElement[] => [
    ...(menu.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? []),
  ];
  const show = (): void => {
    if (!menu.current || !button.current) return;
    menu.current.showPopover();
    const place = menuPlace(button.current.getBoundingClientRect(), menu.current.getBoundingClientRect(), {
      width: window.innerWidth,
      height: window.innerHeight,
    });
    menu.current.style.left = `${place.left}px`;
    menu.current.style.top = `${place.top}px`;
    entries()[0]?.focus();
  };
  const hide = (): void => {
    menu.current?.hidePopover();
    button.current?.focus();
  };
  const move = (event: KeyboardEvent): void => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1,
    };
    const next = steps[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') hide();
    else if (next !== undefined) all[(next + all.length) % all.length]?.focus();
    else return;
    // Neither scrolls the page nor makes an enlarged tile small.
    event.preventDefault();
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        class="tile-button tile-menu-button"
        data-testid="host-menu"
        aria-label={`Host menu for ${displayName}`}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => (open ? hide() : show())}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          show();
        }}
        onDblClick={(event) => event.stopPropagation()}
      >
        <Icon name="more" />
      </button>
      <div
        ref={menu}
        id={id}
        class="menu"
        role="menu"
        aria-label={`What you can do about ${displayName}`}
        popover="auto"
        onKeyDown={move}
        onToggle={(event) => {
          const isOpen = event.newState === 'open';
          setOpen(isOpen);
          if (!isOpen) setConfirming(false);
        }}
        onDblClick={(event) => event.stopPropagation()}
      >
        {items.map(({ testId, text, danger, asks, run }, index) => (
          <button
            // The place, not the text: the item that asks keeps the focus when it asks.
            key={index}
            type="button"
            class="menu-item"
            data-danger={String(danger === true)}
            data-testid={testId}
            role="menuitem"
            tabIndex={-1}
            onClick={() => {
              run();
              if (!asks) hide();
            }}
          >
            {text}
          </button>
        ))}
      </div>
    </>
  );
}
