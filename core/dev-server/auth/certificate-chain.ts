// Whether a client certificate leads to a trusted one: signatures, times, authority flags and use. Pure; no revocation lists.
import type { ClientCertificate } from './client-certificate.js';

const DEEPEST = 8;

/** The chain from the leaf to a trusted certificate, or undefined. A trusted leaf is a chain of its own. */
export function chainTo(
  trusted: readonly ClientCertificate[],
  presented: readonly ClientCertificate[],
  nowMs: number,
): readonly ClientCertificate[] | undefined {
  const leaf = presented[0];
  if (leaf === undefined || !inTime(leaf, nowMs)) return undefined;
  if (trusted.some((certificate) => same(certificate, leaf) && !certificate.x509.ca)) return [leaf];
  if (!leaf.forClients) return undefined;
  const search: Search = { trusted, between: presented.slice(1), nowMs };
  return climb(search, [leaf]);
}

interface Search {
  readonly trusted: readonly ClientCertificate[];
  readonly between: readonly ClientCertificate[];
  readonly nowMs: number;
}

function climb(search: Search, path: readonly ClientCertificate[]): readonly ClientCertificate[] | undefined {
  const last = path.at(-1);
  if (last === undefined || path.length > DEEPEST) return undefined;
  const root = search.trusted.find((certificate) => issued(certificate, last, search.nowMs));
  if (root !== undefined) return [...path, root];
  for (const certificate of search.between) {
    if (path.some((seen) => same(seen, certificate)) || !issued(certificate, last, search.nowMs)) continue;
    const found = climb(search, [...path, certificate]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function issued(issuer: ClientCertificate, subject: ClientCertificate, nowMs: number): boolean {
  if (!issuer.x509.ca || !inTime(issuer, nowMs) || !subject.x509.checkIssued(issuer.x509)) return false;
  return subject.x509.verify(issuer.x509.publicKey);
}

function inTime(certificate: ClientCertificate, nowMs: number): boolean {
  return Date.parse(certificate.x509.validFrom) <= nowMs && nowMs <= Date.parse(certificate.x509.validTo);
}

function same(a: ClientCertificate, b: ClientCertificate): boolean {
  return Buffer.compare(a.raw, b.raw) === 0;
}
