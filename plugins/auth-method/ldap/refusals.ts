// What the refusals of the server's LDAP method mean, in words for the operator. Knows no password and no user.

/** Advice for a refusal; undefined when the server's own words must do. */
export function explained(status: number, words: string, mount: string): string | undefined {
  if (status === 403) return `the user may be locked after wrong passwords, or there is no ldap method at ${mount}`;
  if (status !== 400 && status !== 500) return undefined;
  if (/error connecting|network error|dial tcp|timeout/i.test(words))
    return 'the server cannot reach the directory; look at url and certificates in its ldap configuration';
  if (/not configured/i.test(words)) return `the method at ${mount} has no configuration; write ${mount}/config`;
  if (/LDAP search|LDAP bind/i.test(words))
    return 'the directory does not take the service account of the server, or does not find the user; look at binddn, userdn and userattr';
  if (/bind as user|invalid credentials/i.test(words))
    return 'the directory does not take this user with this password; the password may have expired, and userdn, userattr and upndomain decide how the user is looked for';
  return undefined;
}
