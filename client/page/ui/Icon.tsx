// The page's icons, drawn on a 24 by 24 grid with round strokes. They say nothing to a screen reader: their button does.
import type { JSX } from 'preact';

const STRIKE = <path d="M4.5 4.5l15 15" />;
const MICROPHONE = (
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </>
);
const CAMERA = (
  <>
    <rect x="2.5" y="6" width="13" height="12" rx="3" />
    <path d="M15.5 11l6-3.5v9l-6-3.5z" />
  </>
);

const SCREEN = (
  <>
    <rect x="2.5" y="4" width="19" height="13" rx="2.5" />
    <path d="M8.5 20.5h7" />
  </>
);

const SHAPES = {
  microphone: MICROPHONE,
  microphoneOff: (
    <>
      {MICROPHONE}
      {STRIKE}
    </>
  ),
  camera: CAMERA,
  cameraOff: (
    <>
      {CAMERA}
      {STRIKE}
    </>
  ),
  screen: (
    <>
      {SCREEN}
      <path d="M12 13.8V7.4M9 10.2l3-3 3 3" />
    </>
  ),
  screenOff: (
    <>
      {SCREEN}
      <path d="M9.5 8l5 5M14.5 8l-5 5" />
    </>
  ),
  fullScreen: <path d="M14 4.5h5.5V10M10 19.5H4.5V14M19.5 4.5L13.5 10.5M4.5 19.5L10.5 13.5" />,
  exitFullScreen: <path d="M19.5 10H14V4.5M4.5 14H10v5.5M14 10l6-6M10 14l-6 6" />,
  statistics: <path d="M4 20V13M9.3 20V8M14.7 20v-9M20 20V4" />,
  link: (
    <>
      <path d="M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7l-1.3 1.3" />
      <path d="M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1.3-1.3" />
    </>
  ),
  people: (
    <>
      <circle cx="9" cy="8" r="3.5" />
      <path d="M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.6c2.1.8 3.5 2.7 3.5 5.4" />
    </>
  ),
  enlarge: <path d="M9 4.5H4.5V9M15 4.5h4.5V9M9 19.5H4.5V15M15 19.5h4.5V15" />,
  reduce: <path d="M4.5 9H9V4.5M19.5 9H15V4.5M4.5 15H9v4.5M19.5 15H15v4.5" />,
  more: <path d="M12 5.5v.1M12 12v.1M12 18.4v.1" class="icon-dots" />,
  check: <path d="M5 12.5l4.5 4.5L19 7.5" />,
  close: <path d="M6 6l12 12M18 6L6 18" />,
  alert: <path d="M12 3.5l9.5 16.5h-19zM12 10v4.5M12 17.4v.1" />,
  plus: <path d="M12 5v14M5 12h14" />,
  arrow: <path d="M4.5 12h15M13 5.5l6.5 6.5-6.5 6.5" />,
  leave: (
    <path
      class="icon-solid"
      d="M2.6 14.4c4.9-5.9 13.9-5.9 18.8 0 .5.6.5 1.5-.1 2.1l-1.3 1.3c-.5.5-1.3.6-1.9.2l-2.2-1.4c-.5-.3-.8-.9-.7-1.5l.1-1.6a11 11 0 0 0-6.6 0l.1 1.6c.1.6-.2 1.2-.7 1.5l-2.2 1.4c-.6.4-1.4.3-1.9-.2l-1.3-1.3c-.6-.6-.6-1.5-.1-2.1z"
    />
  ),
} as const satisfies Record<string, JSX.Element>;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  );
}
