import { compatible } from './compatible/manifest.ts';
import type { Vendor } from './compatible/vendor.ts';
import { openai } from './openai/manifest.ts';

const VENDORS: ReadonlyMap<string, Vendor> = new Map(
  [openai, compatible].map((vendor) => [vendor.kind, vendor]),
);

/** The vendor of a provider's `kind`; null for a kind that is not known. */
export function vendorOf(kind: string): Vendor | null {
  return VENDORS.get(kind) ?? null;
}

/** Every kind that a provider can have. */
export function vendorKinds(): readonly string[] {
  return [...VENDORS.keys()];
}
