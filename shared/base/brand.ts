/** Nominal typing for primitives: `Brand<number, 'Millis'>` does not mix with another number without a cast. */
declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
