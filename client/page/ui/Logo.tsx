// The mark: a tower at night with one window lit.
import type { JSX } from 'preact';

export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="mark-ground" width="32" height="32" rx="8" />
      <path class="mark-tower" d="M9 5.5h3.2v2.6h2.2V5.5h3.2v2.6h2.2V5.5H23v6.2l-2 2.1V27H11V13.8l-2-2.1z" />
      <path class="mark-light" d="M16 14.6a2.3 2.3 0 0 1 2.3 2.3v4.3h-4.6v-4.3a2.3 2.3 0 0 1 2.3-2.3z" />
    </svg>
  );
}

export function Logo(): JSX.Element {
  return (
    <span class="logo">
      <Mark />
      <span class="logo-name">Dark Tower</span>
    </span>
  );
}
