import { describe, expect, it } from 'vitest';
import { addressGroup } from '../../../media-node/transport/addressGroup.ts';

describe('addressGroup', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['::ffff:c633:6407', '198.51.100.7'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:eeee:dddd:cccc', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::198.51.100.7', '64:ff9b:0:0::/64'],
  ])('MH-10 counts %s as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it.each(['localhost', '1::2::3', '1:2:3', '1:2:3:4:5:6:7:8:9', 'g::1', '12345::1', '::1.2.3.400.5:x'])(
    'MH-10 leaves what is no address as it is: %s',
    (text) => {
      expect(addressGroup(text)).toBe(text);
    },
  );
});
