/** Numbers, sizes, times and dates in the page's language: the catalogue's `format`, name by name. */
import { t } from '../language.svelte';

export const formatCount = (value: number): string => t.format.count(value);
export const formatCompact = (value: number): string => t.format.compact(value);
export const formatNumber = (value: number): string => t.format.number(value);
export const formatPercent = (fraction: number): string => t.format.percent(fraction);
export const formatBytes = (bytes: number): string => t.format.bytes(bytes);
export const formatSeconds = (seconds: number): string => t.format.seconds(seconds);
export const formatDate = (iso: string): string => t.format.date(iso);
