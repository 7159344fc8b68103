import { TunesmithError } from '../core/errors';
import type { Session } from '../session/session';
import { ChatEndpoint, type EndpointChoice } from '../session/writing/endpoint/chat_endpoint';
import { modelWriterOf, type ModelChoice } from '../session/writing/model_writer';
import type { Writer } from '../session/writing/writer';
import type { Arguments } from './arguments';

/** Requests to a service at the same time. */
const PARALLEL = 2;

type ServiceChoice = Pick<EndpointChoice, 'address' | 'model' | 'maxTokens' | 'temperature' | 'perMinute'>;

/** @param choice.keyVariable the environment variable that holds the key of the service */
export function serviceOf({
  keyVariable,
  ...choice
}: ServiceChoice & { readonly keyVariable: string | undefined }): Writer {
  return new ChatEndpoint({ ...choice, anyHttp: true, key: keyOf(keyVariable), parallel: PARALLEL });
}

/** The model of a session, with its adapter if it has one. */
export function openWriter(args: Arguments, session: Session, choice: Omit<ModelChoice, 'side'>): Writer {
  const side = session.tuned ? 'tuned' : 'base';
  return modelWriterOf(session, { side, ...choice }, args.settings.template ?? session.template);
}

/** The key of the service: only from the environment, because others can see the arguments of a program. */
function keyOf(name: string | undefined): string {
  if (name === undefined) return '';
  const key = process.env[name]?.trim() ?? '';
  if (key === '') throw new TunesmithError({ code: 'key_variable_empty', values: { name } });
  return key;
}
