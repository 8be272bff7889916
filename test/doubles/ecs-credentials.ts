// A stand-in for the credentials endpoint of containers (ECS, EKS Pod Identity): wants the right Authorization, gives what it is told to give.
import { HttpDouble, type Asked, type Reply } from './http-double.js';
import type { Issued } from './sts.js';

/** The double. */
export class EcsCredentialsDouble {
  readonly http = new HttpDouble({ answer: (asked) => this.#answer(asked) });
  /** Paths that were asked with the right Authorization. */
  readonly served: string[] = [];
  /** Number of requests that were refused. */
  refused = 0;
  /** What `Authorization` must be; undefined: nothing is asked for. */
  authorization: string | undefined;
  credentials: Issued | undefined;

  open(): Promise<void> {
    return this.http.open();
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** Address of the credentials. */
  get url(): string {
    return `${this.http.url}/v1/credentials`;
  }

  #answer({ method, path, headers }: Asked): Reply {
    if (headers.authorization !== this.authorization) {
      this.refused += 1;
      // repeats what it was sent, which must not reach a log
      return {
        status: 401,
        body: { code: 'AccessDeniedException', message: `not allowed: ${headers.authorization ?? 'nothing'}` },
      };
    }
    if (method !== 'GET' || this.credentials === undefined)
      return { status: 404, body: { code: 'NotFound', message: 'no credentials' } };
    this.served.push(path);
    const { keyId, secret, token, expiresAtMs } = this.credentials;
    const expiration = expiresAtMs === undefined ? {} : { Expiration: new Date(expiresAtMs).toISOString() };
    return {
      status: 200,
      body: {
        AccessKeyId: keyId,
        SecretAccessKey: secret,
        Token: token,
        RoleArn: 'arn:aws:iam::1:role/x',
        ...expiration,
      },
    };
  }
}
