import type { ErrorCode } from '../../../error_codes';
import type { ErrorEntry } from '../../entry';
import { cliErrors } from './cli';
import { coreErrors } from './core';
import { dataErrors } from './data';
import { exportErrors } from './exports';
import { formatErrors } from './formats';
import { gpuErrors } from './gpu';
import { hubErrors } from './hub';
import { modelErrors } from './models';
import { onnxErrors } from './onnx';
import { pageErrors } from './page';
import { sessionErrors } from './session';
import { settingErrors } from './settings';
import { settingsFileErrors } from './settings_file';
import { storageErrors } from './storage';
import { trainErrors } from './train';
import { writingErrors } from './writing';

/** Each error's message and hint, by its code. */
export const errors = {
  ...cliErrors,
  ...coreErrors,
  ...dataErrors,
  ...exportErrors,
  ...formatErrors,
  ...gpuErrors,
  ...hubErrors,
  ...modelErrors,
  ...onnxErrors,
  ...pageErrors,
  ...sessionErrors,
  ...settingErrors,
  ...settingsFileErrors,
  ...storageErrors,
  ...trainErrors,
  ...writingErrors,
} satisfies Readonly<Record<ErrorCode, ErrorEntry>>;
