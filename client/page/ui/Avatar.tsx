import type { JSX } from 'preact';
import { avatarColorIndex, initials } from '../text/initials.ts';

/** Stands for a person without a picture. Whoever shows it also shows the name. */
export function Avatar({ displayName }: { readonly displayName: string }): JSX.Element {
  return (
    <span class={`avatar avatar-color-${avatarColorIndex(displayName)}`} aria-hidden="true">
      {initials(displayName)}
    </span>
  );
}
