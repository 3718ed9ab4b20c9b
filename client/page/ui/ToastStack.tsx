// Shows toasts and tells them to screen readers.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useStore } from '../app/Store.ts';
import type { Toast, Toasts } from '../app/Toasts.ts';
import { Icon } from './Icon.tsx';

/** Long enough to read; problems ask for something to be done. */
const SHOWN_MS = { info: 4_000, problem: 9_000 } as const;

export function ToastStack({ toasts }: { readonly toasts: Toasts }): JSX.Element {
  const shown = useStore(toasts.store);
  return (
    <div class="toasts" role="status" aria-live="polite" aria-label="Messages">
      {shown.map((toast) => (
        <ToastItem key={toast.id} toast={toast} onDismiss={() => toasts.dismiss(toast.id)} />
      ))}
    </div>
  );
}

interface ToastItemProps {
  readonly toast: Toast;
  readonly onDismiss: () => void;
}

function ToastItem({ toast, onDismiss }: ToastItemProps): JSX.Element {
  // Only when it appears: a toast's text and tone never change.
  useEffect(() => {
    const timer = setTimeout(onDismiss, SHOWN_MS[toast.tone]);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={`toast toast-${toast.tone}`} data-testid="toast">
      {toast.tone === 'problem' && <Icon name="alert" />}
      <span class="toast-text">{toast.text}</span>
      <button type="button" class="toast-close" aria-label="Dismiss" onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}
