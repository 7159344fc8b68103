import { expect, type Locator, type Page } from '@playwright/test';
import { unzipSync } from 'fflate';
import { readFile } from 'node:fs/promises';

/** Settings as they are typed or chosen, by name. */
export type TypedSettings = Readonly<Record<string, string>>;

export interface FileToGive {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export interface Answers {
  readonly base: string;
  readonly tuned: string;
}

/** A software adapter shared with other work may be slow: these are for what can't take longer, in milliseconds. */
const SOON = 60_000;
const RUN = 240_000;
/** For what may last only for a moment: assertions look again after up to a second. */
const BRIEFLY = { timeout: RUN, polling: 50 };

/** Settings that stand beside the presets; the others are in the panel. */
const MAIN_SETTINGS = ['num_train_epochs', 'learning_rate', 'r', 'max_seq_length'];

/** The places that the stage can show, with their names in the rail. */
export const PLACES = {
  model: 'Model',
  examples: 'Examples',
  train: 'Train',
  chat: 'Chat',
  export: 'Export',
  runs: 'Past runs',
};
export type Step = keyof typeof PLACES;
export const STAGES = ['start', ...(Object.keys(PLACES) as Step[])] as const;
/** Widths of a phone, a tablet in both directions, laptops and larger screens, in pixels. */
export const WIDTHS = [380, 768, 1024, 1280, 1366, 1600, 1920];

/** The page as a person uses it. */
export class Tunesmith {
  readonly page: Page;
  readonly start: Locator;
  readonly progress: Locator;

  constructor(page: Page) {
    this.page = page;
    this.start = page.getByTestId('start');
    this.progress = page.getByTestId('train-progress');
  }

  /** Opens the page and waits until model, examples and plan are there. */
  async open(): Promise<void> {
    await this.page.goto('./');
    await this.ready();
  }

  async ready(): Promise<void> {
    // Where there is little room, the words are there for none to see.
    await expect(this.page.getByRole('navigation').getByText('ready', { exact: true })).toBeAttached({
      timeout: SOON,
    });
  }

  /** Waits after a reload until the last adapter is open again. */
  async reopened(): Promise<void> {
    await expect(this.page.getByRole('navigation').getByText('adapter ready')).toBeAttached({
      timeout: SOON,
    });
  }

  /** The stage of a step; it is there only while it is on show. */
  step(id: Step): Locator {
    return this.page.locator(`#${id}`);
  }

  /** Shows a step on the stage, by the rail. */
  async to(id: Step): Promise<Locator> {
    await this.page.getByRole('navigation').getByRole('link', { name: PLACES[id] }).click();
    const stage = this.step(id);
    await expect(stage).toBeVisible();
    return stage;
  }

  /** Shows a stage by its address, in whatever language, without the mouse: what moves then moves by itself. */
  async show(stage: (typeof STAGES)[number]): Promise<void> {
    await this.page.evaluate((hash) => (location.hash = hash), stage);
    await expect(this.page.locator(`#${stage}`)).toBeVisible();
  }

  /** A button of the dock, or of the start. */
  button(name: 'continue' | 'open' | 'again' | 'pause' | 'resume' | 'stop'): Locator {
    return this.page.getByTestId(name);
  }

  /** The preview of a model before it is opened. */
  get candidate(): Locator {
    return this.page.getByTestId('candidate');
  }

  /** Shows another way to a model. */
  async way(name: 'The demo' | 'From the Hub' | 'From disk' | 'Saved models'): Promise<void> {
    const model = await this.to('model');
    await model.getByRole('radio', { name }).check();
  }

  /** Searches the hub, or names a model of it. */
  async find(words: string): Promise<void> {
    await this.page.getByRole('combobox', { name: 'Find or name a model' }).fill(words);
  }

  /** Waits until a model of this name is open. */
  async opened(name: string): Promise<void> {
    await this.to('model');
    await expect(this.page.getByTestId('model-facts')).toContainText(name, { timeout: SOON });
  }

  /** Shows the settings instead of the last run. */
  async changeSettings(): Promise<void> {
    const train = await this.to('train');
    const change = train.getByRole('button', { name: 'Change settings' });
    if (await change.isVisible()) await change.click();
  }

  async set(settings: TypedSettings): Promise<void> {
    const names = Object.keys(settings);
    await this.changeSettings();
    for (const name of names.filter((each) => MAIN_SETTINGS.includes(each))) {
      await fill(this.step('train').getByLabel(name, { exact: true }), settings[name] ?? '');
    }
    await this.page.getByRole('button', { name: 'All settings' }).click();
    const panel = this.page.getByRole('dialog');
    for (const name of names.filter((each) => !MAIN_SETTINGS.includes(each))) {
      const field = panel.locator(`[data-setting="training.${name}"]`);
      await fill(field.getByLabel(name, { exact: true }), settings[name] ?? '');
    }
    await panel.getByRole('button', { name: 'Close' }).click();
    await expect(panel).toBeHidden();
  }

  async train(): Promise<void> {
    await this.start.click();
    await this.finished();
  }

  /** Waits for the run to end, and says why where it failed. */
  async finished(timeout = RUN): Promise<void> {
    await this.to('train');
    await expect(this.progress).toHaveAttribute('data-phase', /^(finished|stopped|failed)$/, {
      timeout,
    });
    await expect(this.step('train').getByRole('alert')).toHaveCount(0);
    await expect(this.progress).toHaveAttribute('data-phase', 'finished');
  }

  /** Waits until the run has done this step. */
  async reached(step: number): Promise<void> {
    await this.page.waitForFunction(
      (least) => {
        const words = document.querySelector('[data-testid="train-progress"]')?.textContent ?? '';
        return Number(/Step (\d+) of/.exec(words)?.[1] ?? 0) >= least;
      },
      step,
      BRIEFLY,
    );
  }

  /** Waits until the run's progress says something. */
  async told(words: RegExp): Promise<void> {
    await this.page.waitForFunction(
      (source) => {
        const now = document.querySelector('[data-testid="train-progress"]')?.textContent ?? '';
        return new RegExp(source).test(now);
      },
      words.source,
      BRIEFLY,
    );
  }

  /** Asks both sides, and waits for their answers. */
  async ask(question: string): Promise<Answers> {
    const { base, tuned } = this.answers();
    const chat = this.step('chat');
    if (!(await chat.isVisible())) await this.to('chat');
    const field = chat.getByLabel('Your question');
    const before = await tuned.count();
    await field.fill(question);
    await expect(chat.getByRole('button', { name: 'Send' })).toBeEnabled({ timeout: SOON });
    await field.press('Enter');
    // Until all have answered, there is a button that stops them in the place of the one that sends. An assertion would look
    // only every second, which takes longer than an answer.
    await this.page.waitForFunction(
      (known) => {
        const answers = document.querySelectorAll('[data-testid="answer-tuned"]');
        const told = Array.from(answers).at(-1)?.textContent.includes('tokens/s');
        return answers.length > known && told && document.querySelector('#chat [type="submit"]') !== null;
      },
      before,
      { timeout: SOON, polling: 20 },
    );
    return { base: await said(base.last()), tuned: await said(tuned.last()) };
  }

  answers(): { base: Locator; tuned: Locator } {
    return { base: this.page.getByTestId('answer-base'), tuned: this.page.getByTestId('answer-tuned') };
  }

  /** Downloads the chosen export; its zip, and the files in it by name. */
  async exported(
    what = 'the adapter',
  ): Promise<{ fileName: string; zip: Buffer; files: Readonly<Record<string, Uint8Array>> }> {
    const stage = await this.to('export');
    const downloading = this.page.waitForEvent('download', { timeout: SOON });
    await stage.getByRole('button', { name: `Download ${what}` }).click();
    const download = await downloading;
    const zip = await readFile(await download.path());
    return { fileName: download.suggestedFilename(), zip, files: unpacked(zip) };
  }

  /** The bytes of the exported adapter_model.safetensors. */
  async adapterBytes(): Promise<Buffer> {
    return Buffer.from((await this.exported()).files['adapter_model.safetensors'] ?? []);
  }

  async give(step: 'model' | 'examples' | 'export', files: string | readonly FileToGive[]): Promise<void> {
    const folder = typeof files === 'string';
    const stage = await this.to(step);
    const input = stage.locator(
      folder ? 'input[webkitdirectory]' : 'input[type=file]:not([webkitdirectory])',
    );
    await input.setInputFiles(folder ? files : [...files]);
  }
}

/** The files of an export's zip, without their folder, which has the zip's name. */
export function unpacked(zip: Buffer): Readonly<Record<string, Uint8Array>> {
  const files = Object.entries(unzipSync(zip));
  return Object.fromEntries(files.map(([path, bytes]) => [path.slice(path.indexOf('/') + 1), bytes]));
}

async function fill(field: Locator, value: string): Promise<void> {
  const tag = await field.evaluate((element) => element.tagName);
  await (tag === 'SELECT' ? field.selectOption(value) : field.fill(value));
}

async function said(answer: Locator): Promise<string> {
  return (await answer.locator('.said').allInnerTexts()).join('');
}
