import type { JSX } from 'preact';
import { asSentence } from '../text/sentence.ts';
import { Icon } from './Icon.tsx';

export interface FieldErrorProps {
  readonly message: string;
  readonly id?: string;
}

/** What is wrong and what to do, told to screen readers at once. */
export function FieldError({ message, id }: FieldErrorProps): JSX.Element {
  return (
    <p class="field-error" id={id} role="alert" data-testid="lobby-error">
      <Icon name="alert" />
      <span>{asSentence(message)}</span>
    </p>
  );
}
