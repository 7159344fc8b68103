"""Writes fixtures/: what transformers' Jinja makes of single snippets, and of templates of each family's kind.

    python -m venv venv && venv/bin/pip install transformers==5.23.0 tokenizers==0.23.3 jinja2==3.1.6
    venv/bin/python tests/templates/make_fixtures.py

The templates under sources/ are this project's own; each uses what the templates of a family use. In the copies under
sources/marked/ the answers are marked by hand. If TUNESMITH_PUBLISHED names a folder of published files
(tests/published/README.md), checksums of what published templates render are written as well.
"""

import hashlib
import json
import os
import re
from datetime import datetime
from pathlib import Path

from transformers.utils import chat_template_utils as templates

HERE = Path(__file__).parent
PUBLISHED = os.environ.get("TUNESMITH_PUBLISHED")
OUT = HERE / "fixtures"
NOW = (2026, 3, 5, 7, 8, 9)


class Frozen(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(*NOW)


templates.datetime = Frozen

VALUES = {
    "text": " The ship, the sea. ",
    "name": "O'Hara \"Bo\" \\ \n\t\u00a0é 船\u200b😀",
    "empty": "",
    "number": 7,
    "negative": -3,
    "fraction": 2.5,
    "tiny": 0.00001,
    "yes": True,
    "nothing": None,
    "items": ["b", "a", "C", "a"],
    "numbers": [3, 1, 2],
    "table": {"b": 1, "a": [1, "x", None, True], "C": {"d": 1.5}},
    "people": [
        {"name": "Ada", "age": 36, "at": {"city": "London"}},
        {"name": "bob", "age": 5, "at": {"city": "Paris"}},
        {"name": "Eve", "age": 36},
    ],
    "tool": {"type": "function", "function": {"name": "weigh", "description": "It's \"heavy\" <b>&</b> é", "parameters": {"type": "object", "properties": {"fish": {"type": "string", "enum": ["cod", 'd"ab']}, "all": {"type": "boolean", "default": False}}, "required": []}}},
}

EXPRESSIONS = r"""
text.strip()|text.strip(' .T')|text.lstrip()|text.rstrip('. ')|'\n\nab\n'.strip('\n')|'xxabxx'.lstrip('x')|text.split()|text.split(',')|text.split(', ', 1)|'a,b,c'.rsplit(',', 1)
'a b  c '.split(' ')|'a b c d'.split(None, 2)|' a  b '.rsplit(None, 1)|text.replace('the', 'a')|'aaa'.replace('a', 'b', 2)|'ab'.replace('', '-')|text.upper()|text.lower()|text.title()|"it's o'hara".title()
'hELLO wORLD'.capitalize()|'abc'.startswith('ab')|'abc'.startswith(('x', 'a'))|'abc'.endswith('bc')|'abc'.find('c')|'船abc'.find('b')|'abc'.find('z')|'abcabc'.rfind('b')|'abcabc'.index('c')|'aXbX'.count('X')
','.join(['a', 'b'])|'a\nb\r\nc\n'.splitlines()|'a\nb'.splitlines(true)|'a=b=c'.partition('=')|'a=b=c'.rpartition('=')|'abc'.removeprefix('a')|' a  b '.split(None, 1)|' a '.split(None, 0)|'  '.split(None, 1)|'  '.rsplit(None, 1)|' a b '.rsplit(None, 0)|'abc'.removesuffix('bc')|'7'.zfill(3)|'-7'.zfill(4)|'a'.center(5, '*')
'ab'.ljust(4) ~ '|'|'ab'.rjust(4)|'{} and {}'.format('a', 1)|'{0}{1}{0}'.format('a', 'b')|'{x}'.format(x=3)|'%s is %d' % ('a', 3)|'%.2f' % 2.5|'%02d:%5d|%-4s|%6.2f' % (7, 42, 'ab', -1.5)|'%05d' % -42|'%.2s' % 'abc'|'100%%' % ()|'%x' % 255|'%s' % (1, 2)|'12'.isdigit()|'a1'.isalpha()|'ab'.isupper()
text|name|empty|number|negative|fraction|tiny|yes|nothing|items
numbers|table|people[0]|tool|[1, 'a', none, true, 1.0]|(1, 2)|(1,)|()|{}|{'a': 1, 2: 'b'}
[name]|name | string|tool | string|table | string|1e20|1e16|1.5e-7|123456789.125|0.1 + 0.2|100.0
table.a|table['a']|table.zzz|table.a[0]|table.a[-1]|table.a.1|items[1:]|items[::-1]|items[:-1]|items[1:3]
text[1:4]|text[::-1]|'船在海'[1]|'a😀b'[1:]|'a😀b'[2]|'abc'[-1]|'abc'[5]|items[9]|number.foo|nothing.foo
table.items()|list|table.keys()|list|table.values() | list|table.get('b')|table.get('z')|table.get('z', 5)|table | items | list|table | dictsort|people | map(attribute='name') | list|people | map(attribute='at.city', default='?') | list
number + 1|number / 2|number // 2|negative // 2|number % 4|negative % 4|2 ** 10|2 ** -1|7 // 2.0|-number
1 + 2 * 3|(1 + 2) * 3|'a' + 'b' ~ 'c'|1 ~ 2|'a' ~ none ~ true|'ab' * 3|[1] * 2|[1] + [2]|(1, 2) + (3,)|1 - -1
1 < 2 < 3|3 > 2 > 2|1 == 1.0|true == 1|'a' == 'a'|[1, 2] == [1, 2]|{'a': 1} == {'a': 1.0}|none == none|'a' < 'b'|'Z' < 'a'
'a' in 'abc'|'x' not in 'abc'|'a' in items|1 in [1.0]|'b' in table|'z' in table|none in [none]|'a' in missing|'x' in (1, 'x')|not 'a' in 'abc'
true and 'x'|none or 'y'|not none|1 and 0|'' or 0 or 'z'|missing or 'q'|(1 if yes else 2)|('a' if nothing)|1 if nothing else 2 if yes else 3|('a' if number > 5 else 'b') ~ 'c'
missing|missing is defined|missing is undefined|nothing is none|nothing is not none|text is string|number is string|number is number|yes is number|fraction is float
number is integer|yes is integer|yes is boolean|table is mapping|items is mapping|items is iterable|text is iterable|number is iterable|items is sequence|table is sequence
text is sequence|missing is iterable|number is odd|number is even|9 is divisibleby 3|9 is divisibleby(2)|number is eq 7|number is gt(3)|'a' is in ['a', 'b']|yes is true
number is true|yes is false|nothing is false|yes is sameas true|number is lt 8 and yes|range is callable|'ab' is lower|'AB' is upper|'trim' is filter|'defined' is test
text | trim|'xax' | trim('x')|text | length|items | length|table | length|missing | length|missing | default('d')|'' | default('d')|'' | default('d', true)|nothing | default('d', boolean=true)
nothing | d('x')|items | join|items | join(', ')|people | join('/', attribute='name')|[1, none, true] | join('-')|items | first|items | last|[] | first|'abc' | first|items | sort
items | sort(reverse=true)|items | sort(case_sensitive=true)|people | sort(attribute='age') | map(attribute='name') | list|people | sort(attribute='age,name') | length|items | unique | list|numbers | sum|people | sum(attribute='age')|numbers | max|numbers | min|people | max(attribute='age')
items | reverse | list|'abc' | reverse|items | select('equalto', 'a') | list|numbers | reject('odd') | list|people | selectattr('age', 'gt', 10) | map(attribute='name') | list|people | rejectattr('at') | list | length|people | selectattr('at', 'defined') | list | length|items | map('upper') | list|items | list | tojson|numbers | select | list
tool | tojson|tool | tojson(indent=2)|tool | tojson(indent=4)|tool | tojson(separators=(',', ':'))|table | tojson(sort_keys=true)|name | tojson|name | tojson(ensure_ascii=true)|[] | tojson(indent=2)|{} | tojson|[1.0, 1e20, 0.00001, none] | tojson
(1, 2) | tojson|nothing | tojson|{1: 2, none: 3} | tojson|text | upper|text | lower|'aB cD-eF' | title|'aB cD' | capitalize|number | string|'42' | int|'x' | int
'x' | int(9)|'4.9' | int|fraction | int|'2.5' | float|number | float|negative | abs|2.567 | round(2)|2.5 | round|3.5 | round|2.1 | round(method='ceil')
'a b c' | wordcount|'a\nb\n\nc' | indent|'a\nb' | indent(2, true)|'a\n\nb' | indent(2, blank=true)|'hello wonderful world' | truncate(12)|'hello wonderful world' | truncate(12, true)|'hello' | truncate(9)|'%s!' | format('a')|text | replace('the', 'a')|'aaa' | replace('a', 'b', 1)
people | groupby('age') | map('first') | list|people | groupby('age') | length|numbers | batch(2) | list|numbers | batch(2, 0) | list|table | dictsort(by='value') | length|{'b': 2, 'a': 1} | dictsort|{'b': 2, 'a': 1} | dictsort(by='value')|{'b': 1, 'A': 2} | dictsort(true)|table | attr('b')|table.a | count
range(3) | list|range(1, 4) | list|range(5, 0, -2) | list|range(3) | length|range(3)[1]|dict(a=1, b=2)|dict([('a', 1)])|namespace(a=1).a|'a' 'b'|"\x41\u00e9\t|\q"
'a' | upper ~ 'b'|-1 | abs|(-1) | abs|not yes or yes|1 + 1 is odd|'ab' is string and 1|text.strip() | length + 1|items | length - 1|[1, 2, 3][-1]|[[1, 2], [3]][0][1]
table.C.d|table['C']['d']|tool.function.name|tool['function']['parameters'].properties.fish.enum[1]|people[0].at.city ~ '!'|people[2].at is defined|people[2].at.city is defined|missing.foo|missing()|nothing()
table.foo()|'a' + 1|'a' + none|missing + 'a'|none | length|1 | length|1 in 'abc'|'a' < 1|items.append('x')|table.update({})
text | nosuch|text is nosuch|text.__class__|items | first | first | upper|number(1)|1 / 0|[] | max|strftime_now('%d %b %Y, %A %B %a %H:%M:%S %m %y %j %% %I %p %-d %e %F %T %q')|raise_exception('Stop.')|table.pop('b')
'a <b>' | safe|'a <b>' | e|'a' | e | e|'<a>' | e | forceescape|'<a>' | e ~ '<'|('a' | safe) + '<'|'<' + ('a<' | safe)|('a<' | safe) * 2 + '<'|('%s<' | safe) % '<'|'%s<' % ('<' | safe)|[('a<' | safe)]|('<a' | safe)[0] + '<'|('<a' | safe)[:1] + '<'
('<a' | safe).upper() + '<'|('<a b' | safe).split()|('x<{}' | safe).format('<')|('<' | safe).join(['<', 'b'])|('a<a' | safe).replace('a', '<')|('<a' | safe | trim) + '<'|('<a' | safe | replace('a', 'b')) + '<'|('<' | safe) == '<'|'a' in ('ab' | safe)|{'a': 1}['a' | safe]|table | tojson | safe|('a' | safe) | tojson|1 + ('a' | safe)|('a' | safe) is escaped
'a' is escaped|('a' | safe) is string|('a' | safe) | length|5 | safe|none | safe|('b' | safe) > 'a'|['<', 'b'] | join('<' | safe)|items | join('<' | safe)|tool | tojson(indent=2) | safe|('' | safe) or 'x'|('ab' | safe) | list|('ab' | safe) | reverse + '<'|missing | safe
none | select | list|none | select('nosuch') | list|none | reject('odd') | list|none | selectattr('a') | list|none | rejectattr('a', 'defined') | list|none | map('upper') | list|none | map(attribute='a') | list|'' | map('nosuch') | list|0 | select | list|missing | map('upper') | list|missing | select | list|[] | map('nosuch') | list|none | list|none | join|none | sort|none | first|none | unique | list|none | reverse|none | sum|none | max|none | batch(2) | list
none | items | list|none | dictsort|none | tojson|none | default('x')|none | string|none | trim|none | upper|none | replace('n', 'm')|none | length|none | int|none | float|none | wordcount|missing | list|missing | join|missing | sort|missing | first|missing | last|missing | unique | list|missing | sum|missing | max|missing | batch(2) | list|missing | items | list|missing | dictsort
missing | tojson|missing | string|missing | trim|missing | int|missing | reverse | list|missing | groupby('a') | list|[1, 2, 3, 4, 5] | slice(2) | list|[1, 2, 3] | slice(2, 'x') | list|[1, 2, 3, 4] | slice(3) | list|5 | filesizeformat|1 | filesizeformat|123456 | filesizeformat|123456 | filesizeformat(true)|1234567890 | filesizeformat|'2000' | filesizeformat|999 | filesizeformat|1000 | filesizeformat
'a b/c?d=e&f' | urlencode|{'a b': 'c&d', 'e': 'f/g'} | urlencode|[('a', 1)] | urlencode|'é*(!)' | urlencode|{'a': 'b"c', 'd': none, 'e': 1} | xmlattr|{'a': 'b'} | xmlattr(false)|{} | xmlattr|{'a b': 'c'} | xmlattr|text is filter|'safe' is filter|'escaped' is test|'a' * 3|1 == ('1' | safe)
true|True|none|None|false|1_000|0x1f|0b101|1.5e3|.5 if false else 5
""".strip()

BLOCKS = [
    "{% for i in items %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for i in [] %}a{% else %}none{% endfor %}",
    "{% for i in [1,2,3,4] if i is even %}{{ i }}{{ loop.length }}{% endfor %}",
    "{% for k, v in table.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in table %}{{ k }}{% endfor %}",
    "{% for c in 'a😀' %}[{{ c }}]{% endfor %}",
    "{% for i in [1,2,3,4] %}a{{ i }}{% if i == 2 %}{% continue %}{% endif %}b{% if i == 3 %}{% break %}{% endif %}c{% endfor %}",
    "{% set x = 1 %}{% for i in [1,2] %}{{ x }}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}",
    "{% if yes %}{% set y = 5 %}{% endif %}{{ y }}",
    "{% set ns = namespace(n=0) %}{% for i in numbers %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}{{ ns.zzz }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t }}",
    "{% set block %}  x{{ 1 }} {% endset %}[{{ block }}]{{ block | length }}",
    "{% set b | upper %}abc{% endset %}{{ b }}",
    "{% filter upper | replace('B', 'x') %}abc{% endfilter %}",
    "{% macro m(a, b='d', c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(a=3, b=4, c=5) }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}",
    "{% macro m(a) %}{{ a is defined }}{{ a }}{% endmacro %}{{ m() }}",
    "{% macro box(t) %}<{{ t }}>{{ caller(1) }}</{{ t }}>{% endmacro %}{% call(x) box('b') %}in{{ x }}{% endcall %}",
    "{% set v = 'outer' %}{% macro m() %}{{ v }}{% endmacro %}{% set v = 'later' %}{{ m() }}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}",
    "{% raw %}{{ not }} {% this %}{% endraw %}!",
    "a{# comment #}b{#- c -#} d {# e #}\nf",
    "  {% if yes %}\n  in\n  {% endif %}\nout\n",
    "x  {% if yes %}\n  in\n  {%- endif %}\n  out\n\n",
    "x  {%- if yes -%}  in  {%- endif -%}  out",
    "  {%+ if yes %}a{% endif +%}\nb",
    "{{ 'a' -}}   b   {{- 'c' }}",
    "line\n   {{ 'x' }}\n   {# gone #}\nend\n\n",
    "{%- set x = '%}\n' %}{{ x }}{{ '#}\n' }}{{ '}}' }}",
    "a {-b} {{ {'k': {'j': 1}} }} {{ {'k': {'j': 1}}['k']['j'] }}",
    "{% if not yes %}1{% elif number == 7 %}2{% else %}3{% endif %}",
    "{% for p in people %}{{ p.name }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for p in people %}{{ loop.previtem.name if loop.previtem is defined else '-' }}{{ loop.nextitem.name if not loop.last }}{{ loop.cycle('x', 'y') }}{{ loop.changed(p.age) }}{% endfor %}",
    "{% for row in [[1, 2], [3, 4]] %}{% for x in row %}{{ loop.index }}{{ x }}{% endfor %}{{ loop.index }}{% endfor %}",
    "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for i in missing %}x{% else %}empty{% endfor %}",
    "{% for i in nothing %}x{% endfor %}",
    "{% for i in number %}x{% endfor %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{% set _ = c.reset() %}{{ c.current }}",
    "{% set x = ('<a>' | safe) %}{{ x }}{{ x + '<' }}{% macro m(t) %}{{ t }}{% endmacro %}{{ m(x) + '<' }}{% set b %}{{ x }}{% endset %}{{ b + '<' }}",
    "{% for k, v in table.items() %}{{ k }}={{ (v | tojson | safe) if v is not string else v }};{% endfor %}",
    "{% filter safe %}<a>{% endfilter %}{{ ('<' | safe) if yes else '' }}",
    "{% set j = joiner(', ') %}{% for i in numbers %}{{ j() }}{{ i }}{% endfor %}",
    "{% set g = items | select('eq', 'a') %}{{ g | list | length }}{{ g | list | length }}{% if g %}t{% endif %}",
    "{{ (items | map('upper') | first) }}{% if people | selectattr('age', 'gt', 99) %}always{% endif %}",
    "{% generation %}a{{ number }}{% endgeneration %}b",
    "{%- generation -%}  a  {%- endgeneration -%}  b",
    "  {% generation %}\n  {%- if yes -%}\n  in\n  {%- endif -%}\n  {% endgeneration %}\nout",
    "{% generation %}{% set z = 1 %}{{ z }}{% endgeneration %}{{ z is defined }}",
    "{% set items = items + ['z'] %}{{ items }}",
    "{% set messages = numbers[1:] %}{% for m in messages %}{{ m }}{% endfor %}",
    "{{ number if number is defined and number is not none else 'no' }}",
    "{{- 'x' if (number == 7 and not nothing) or missing else 'y' }}",
    "{% if (text == 'a') != (number % 2 == 0) %}odd{% else %}even{% endif %}",
    "{% for i in range(3) %}{% set inner = i %}{% endfor %}{{ inner is defined }}",
    "{% for i in range(2) %}{{ seen is defined }}{% set seen = 1 %}{% endfor %}",
    "{% macro m() %}a{% endmacro %}{{ m is callable }}{{ m() | upper }}",
    "{% if true %}{% endif",
    "{% if true %}",
    "{{ 'a' }",
    "{% endif %}",
    "{{ }}",
    "{{ a b }}",
    "{% set %}",
    "{% break %}",
    "{% include 'x' %}",
    "{% for x in %}{% endfor %}",
    "{{ [1, 2 }}",
    "{{ 'a }}",
    "{% macro m(a=1, b) %}{% endmacro %}",
    "{{ f(a=1, 2) }}",
    "{{ 1 is defined is defined }}",
    "\n\n{{ 1 }}\n\n",
    "a\r\nb\rc\n",
    "{{ '''a''' }}",
    "{{ -number }}{{ +number }}{{ - 1 }}{{ 2 -1 }}{{ 2-1 }}",
    "{{ items|join(',')|upper }}{{ items | map('replace', 'a', 'q') | join }}",
    "{{ people | map(attribute='name') | map('lower') | sort | join(',') }}",
    "{{ table.a is defined and table.a is iterable and table.a is not string }}",
    "{{ tool['function'].get('name', 'x') }}{{ tool.function.get('zzz') is none }}",
    "{%- for m in [{'role': 'user', 'items': 5}] %}{{ m['items'] }}{{ m.role }}{% endfor %}",
]

TOOLS = [VALUES["tool"], {"type": "function", "function": {"name": "fetch", "description": "Fetches.", "parameters": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1.5}}}}}]
CALL = {"id": "call00001", "type": "function", "function": {"name": "weigh", "arguments": {"fish": "cod", "all": False, "é": [1, None, 2.5]}}}
USER = {"role": "user", "content": "  How heavy is it? 船😀 \n"}
SYSTEM = {"role": "system", "content": "\nBe brief. "}
ANSWER = {"role": "assistant", "content": " 3 kg.\n"}
THOUGHT = {"role": "assistant", "content": "<think>\nLet me see.\n</think>\n\nIt is  3 kg. "}
CONVERSATIONS = {
    "question": {"messages": [USER], "add_generation_prompt": True},
    "answer": {"messages": [USER, ANSWER]},
    "system": {"messages": [SYSTEM, USER, ANSWER]},
    "turns": {"messages": [SYSTEM, USER, ANSWER, {"role": "user", "content": "And now?"}, {"role": "assistant", "content": "4 kg"}]},
    "turns_prompt": {"messages": [USER, ANSWER, {"role": "user", "content": "And now?"}], "add_generation_prompt": True},
    "thoughts": {"messages": [USER, THOUGHT, {"role": "user", "content": "Sure?"}, THOUGHT]},
    "reasoning": {"messages": [USER, {"role": "assistant", "reasoning_content": "\nHm.\n", "content": "3 kg"}]},
    "thinking": {"messages": [USER, {"role": "assistant", "thinking": "Hm.", "content": "3 kg"}]},
    "no_thinking": {"messages": [USER], "add_generation_prompt": True, "kwargs": {"enable_thinking": False}},
    "no_thinking_answer": {"messages": [SYSTEM, USER, ANSWER], "kwargs": {"enable_thinking": False}},
    "tools": {"messages": [SYSTEM, USER, ANSWER], "tools": TOOLS},
    "tools_prompt": {"messages": [USER], "tools": TOOLS, "add_generation_prompt": True},
    "call": {"messages": [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, {"role": "tool", "content": "{\"kg\": 3}", "tool_call_id": "call00001", "name": "weigh"}, ANSWER], "tools": TOOLS},
    "call_null": {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}, {"role": "tool", "content": "3", "tool_call_id": "call00001", "name": "weigh"}], "tools": TOOLS, "add_generation_prompt": True},
    "calls": {"messages": [SYSTEM, USER, {"role": "assistant", "content": "I'll look.", "tool_calls": [CALL, {**CALL, "id": "call00002"}]}, {"role": "tool", "content": "3", "tool_call_id": "call00001", "name": "weigh"}, {"role": "tool", "content": "4", "tool_call_id": "call00002", "name": "weigh"}, ANSWER, {"role": "user", "content": "Thanks"}, ANSWER], "tools": TOOLS},
    "call_text": {"messages": [USER, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "weigh", "arguments": "{\"fish\": \"cod\"}"}}]}, {"role": "tool", "content": "3"}, ANSWER]},
    "parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": " How "}, {"type": "text", "text": "heavy? "}]}, ANSWER]},
    "parts_system": {"messages": [{"role": "system", "content": [{"type": "text", "text": "Be brief."}]}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}, ANSWER]},
    "wrong_order": {"messages": [ANSWER, USER]},
    "two_questions": {"messages": [USER, USER, ANSWER]},
    "override": {"messages": [{"role": "system", "content": "/system_override /no_think Be a pirate. "}, USER, ANSWER]},
    "empty": {"messages": []},
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


def outcome(source, conversation):
    marked = re.search(r"\{%-?\s*generation\s*-?%\}", source) is not None
    try:
        rendered, indices = templates.render_jinja_template(
            # As `apply_chat_template` does before it renders.
            conversations=[[{k: v for k, v in m.items() if v is not None} for m in conversation["messages"]]],
            tools=conversation.get("tools"),
            chat_template=source,
            return_assistant_tokens_mask=marked,
            add_generation_prompt=conversation.get("add_generation_prompt", False),
            **TOKENS,
            **conversation.get("kwargs", {}),
        )
    except Exception as error:
        return {"error": type(error).__name__}
    result = {"text": rendered[0]}
    if marked:
        result["generated"] = [rendered[0][start:end] for start, end in indices[0]]
    return result


def answers(source, marked, conversation):
    """The answers by the marks that were put into a copy of the template by hand; None where transformers refuses."""
    result = outcome(marked, conversation)
    if "error" in result or conversation.get("add_generation_prompt"):
        return None
    assert result["text"] == outcome(source, conversation)["text"], "a marked template writes something else"
    return result["generated"]


def snippet(source):
    try:
        text = templates._compile_jinja_template(source).render(**VALUES)
    except Exception as error:
        return {"source": source, "error": f"{type(error).__name__}: {error}"[:80]}
    return {"source": source, "text": text}


def expressions():
    """Snippets stand a few in a line between bars; a bar with spaces around it is a filter's."""
    for line in EXPRESSIONS.split("\n"):
        parts, current = [], ""
        depth = quote = None
        for position, character in enumerate(line):
            before, after = line[position - 1 : position], line[position + 1 : position + 2]
            if quote:
                quote = None if character == quote and before != "\\" else quote
            elif character in "'\"":
                quote = character
            if character == "|" and not quote and not (before == " " and after == " "):
                parts.append(current)
                current = ""
            else:
                current += character
        yield from (part for part in [*parts, current] if part.strip())


def digest(result):
    if "error" in result:
        return "error"
    parts = [result["text"], *result.get("generated", [])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def published():
    found = {}
    for folder in sorted((Path(PUBLISHED) / "tokenizers").iterdir()):
        config = json.loads((folder / "tokenizer_config.json").read_text()) if (folder / "tokenizer_config.json").exists() else {}
        if isinstance(config.get("chat_template"), str):
            found[f"{folder.name}/tokenizer_config.json"] = config["chat_template"]
        for path in sorted(folder.glob("*.jinja")):
            found[f"{folder.name}/{path.name}"] = path.read_text()
        if (folder / "chat_template.json").exists():
            found[f"{folder.name}/chat_template.json"] = json.loads((folder / "chat_template.json").read_text())["chat_template"]
    return found


def write(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main():
    OUT.mkdir(exist_ok=True)
    sources = [*(f"{{{{ {expression} }}}}" for expression in expressions()), *BLOCKS]
    write("snippets.json", {"values": VALUES, "now": NOW, "snippets": [snippet(source) for source in sources]})
    families = {}
    for path in sorted((HERE / "sources").glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        marked = HERE / "sources" / "marked" / path.name
        by_hand = marked.read_text(encoding="utf-8") if marked.exists() else None
        families[path.stem] = {
            name: {
                **outcome(source, conversation),
                **({"answers": answers(source, by_hand, conversation)} if by_hand else {}),
            }
            for name, conversation in CONVERSATIONS.items()
        }
    write("families.json", {"conversations": CONVERSATIONS, "tokens": TOKENS, "now": NOW, "families": families})
    if PUBLISHED:
        write("published.json", {name: {case: digest(outcome(source, conversation)) for case, conversation in CONVERSATIONS.items()} for name, source in published().items()})


if __name__ == "__main__":
    main()
