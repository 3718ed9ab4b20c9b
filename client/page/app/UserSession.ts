// Who this page's user is to a server that asks: a token, kept in memory alone, so that nothing of it outlives the page.
import { Store } from './Store.ts';

export interface SignIn {
  readonly token: string | undefined;
  /** The server has refused the last token that it was shown. */
  readonly refused: boolean;
}

export class UserSession {
  readonly store = new Store<SignIn>({ token: undefined, refused: false });

  get isSignedIn(): boolean {
    return this.store.state.token !== undefined;
  }

  signIn(token: string): void {
    this.store.set({ token, refused: false });
  }

  /** For the SDK: the token of the moment; a refused one is forgotten, and there is no other before the next sign-in. */
  readonly userToken = ({ refused }: { readonly refused: string | undefined }): string | undefined => {
    const { token } = this.store.state;
    if (refused !== undefined && refused === token) this.store.set({ token: undefined, refused: true });
    return this.store.state.token;
  };
}
