/**
 * The Alpaca prompt of `alpacaTemplate` as a chat template in Jinja, for models that have none: other programs can't
 * know it otherwise.
 */
export const ALPACA_JINJA = `{%- if messages[0]['role'] == 'system' %}{{ messages[0]['content'] + '\\n\\n' }}{% endif %}
{%- set state = namespace(asked=false) %}
{%- for message in messages %}
{%- if message['role'] == 'user' %}
{%- if state.asked %}{{ '\\n\\n' }}
{%- else %}{{ 'Below is an instruction that describes a task. Write a response that appropriately completes the request.\\n\\n' }}{% endif %}
{%- set state.asked = true %}
{{- '### Instruction:\\n' + message['content'] + '\\n\\n' }}
{%- elif message['role'] == 'assistant' %}
{{- '### Response:\\n' + message['content'] + (eos_token or '') }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}`;
