import { describe, expect, it } from 'vitest';
import {
  DEFAULT_PREFERENCES,
  loadPreferences,
  type PreferenceStorage,
  savePreferences,
} from '../../../../client/page/app/Preferences.ts';

class MemoryStorage implements PreferenceStorage {
  readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

describe('preferences', () => {
  it('come back as they were saved', () => {
    const storage = new MemoryStorage();
    const preferences = { displayName: 'Ada', microphone: false, camera: true };
    savePreferences(storage, preferences);
    expect(loadPreferences(storage)).toEqual(preferences);
  });

  it.each(['', 'null', '7', '"x"', '[]', '{', '{"displayName":3,"microphone":"no"}'])(
    'are the defaults when storage holds %j',
    (stored) => {
      const storage = new MemoryStorage();
      savePreferences(storage, { displayName: 'Ada', microphone: false, camera: false });
      for (const key of storage.items.keys()) storage.items.set(key, stored);
      expect(loadPreferences(storage)).toEqual(DEFAULT_PREFERENCES);
    },
  );

  it('do without storage, or with one that refuses', () => {
    const refusing: PreferenceStorage = {
      getItem: () => {
        throw new Error('refused');
      },
      setItem: () => {
        throw new Error('full');
      },
    };
    for (const storage of [undefined, refusing]) {
      savePreferences(storage, DEFAULT_PREFERENCES);
      expect(loadPreferences(storage)).toEqual(DEFAULT_PREFERENCES);
    }
  });
});
