// Configuration of the `azure` method: reading and showing. Two fields are ours, `authority_host` and `resource_manager_endpoint`: they name the services
// that a server of production finds by `environment`.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalText } from '../fields.js';

/** A configuration that was accepted. */
export interface AzureConfig {
  readonly tenantId: string;
  readonly resource: string;
  readonly environment: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly authority: string;
  readonly resourceManager: string;
}

/** Accepts a configuration; what the body does not name stays. Throws 400. */
export function readAzureConfig(body: Fields, before?: AzureConfig): AzureConfig {
  const text = (name: string, old: string | undefined, usual = ''): string => optionalText(body, name) ?? old ?? usual;
  const config: AzureConfig = {
    tenantId: text('tenant_id', before?.tenantId),
    resource: text('resource', before?.resource),
    environment: text('environment', before?.environment),
    clientId: text('client_id', before?.clientId),
    clientSecret: text('client_secret', before?.clientSecret),
    authority: address(text('authority_host', before?.authority, 'https://login.microsoftonline.com')),
    resourceManager: address(
      text('resource_manager_endpoint', before?.resourceManager, 'https://management.azure.com'),
    ),
  };
  if (config.tenantId === '') throw fault(400, 'tenant_id is required');
  if (config.resource === '') throw fault(400, 'resource is required');
  return config;
}

function address(text: string): string {
  if (!URL.canParse(text)) throw fault(400, `"${text}" is not an address`);
  return text.replace(/\/+$/, '');
}

/** The answer to a read of the configuration; the secret is not shown. */
export function shownAzureConfig(config: AzureConfig): Fields {
  return {
    authority_host: config.authority,
    client_id: config.clientId,
    environment: config.environment,
    resource: config.resource,
    resource_manager_endpoint: config.resourceManager,
    tenant_id: config.tenantId,
  };
}
