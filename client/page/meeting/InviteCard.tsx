// Alone in a meeting: how to get others in.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../ui/Icon.tsx';

export interface InviteCardProps {
  readonly link: string;
  readonly onCopy: () => void;
}

export function InviteCard({ link, onCopy }: InviteCardProps): JSX.Element | null {
  const [dismissed, setDismissed] = useState(false);
  if (dismissed) return null;
  return (
    <aside class="invite" aria-labelledby="invite-title">
      <div class="invite-head">
        <h2 id="invite-title">You are the only one here</h2>
        <button type="button" class="toast-close" aria-label="Dismiss" onClick={() => setDismissed(true)}>
          <Icon name="close" />
        </button>
      </div>
      <p>Send this link to the people you want to meet.</p>
      <div class="invite-link">
        <input
          class="field-input"
          data-testid="invite-link"
          aria-label="Meeting link"
          readOnly
          value={link}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button button-primary" data-testid="invite-copy" onClick={onCopy}>
          <Icon name="link" />
          Copy
        </button>
      </div>
    </aside>
  );
}
