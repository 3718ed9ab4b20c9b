// A labelled input whose error stands below it and is tied to it.
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { FieldError } from './FieldError.tsx';

export interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly placeholder?: string;
  /** `password` hides what is typed. */
  readonly type?: 'text' | 'password';
  readonly autoComplete?: string;
  readonly maxLength?: number;
  readonly autoFocus?: boolean;
}

export function TextField(props: TextFieldProps): JSX.Element {
  const { id, label, value, onInput, hint, error, placeholder, autoComplete, maxLength, autoFocus } = props;
  const { type = 'text' } = props;
  const input = useRef<HTMLInputElement>(null);
  // Once, when the form appears, and before anybody can type.
  useLayoutEffect(() => {
    if (autoFocus) input.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    if (error !== undefined) input.current?.focus();
  }, [error]);
  const noteId = `${id}-note`;
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <input
        ref={input}
        id={id}
        data-testid={id}
        class="field-input"
        // The types tell the two apart by roles, of which there are none here.
        type={type as 'text'}
        value={value}
        placeholder={placeholder}
        autoComplete={autoComplete ?? 'off'}
        autoCapitalize="off"
        spellcheck={false}
        maxLength={maxLength}
        aria-invalid={error !== undefined}
        aria-describedby={(error ?? hint) === undefined ? undefined : noteId}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {error !== undefined ? (
        <FieldError id={noteId} message={error} />
      ) : (
        hint !== undefined && (
          <p class="field-hint" id={noteId}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}
