/** The syntax tree of a Jinja template. */

export type Expression =
  | { readonly type: 'constant'; readonly value: string | number | boolean | null; readonly float?: true }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'list' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly type: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly type: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly type: 'item'; readonly object: Expression; readonly key: Expression | Slice }
  | { readonly type: 'call'; readonly callee: Expression; readonly arguments: Arguments }
  | FilterExpression
  | TestExpression
  | { readonly type: 'unary'; readonly operator: '-' | '+' | 'not'; readonly operand: Expression }
  | {
      readonly type: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly type: 'logical';
      readonly operator: 'and' | 'or';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: 'concat'; readonly parts: readonly Expression[] }
  | {
      readonly type: 'compare';
      readonly first: Expression;
      readonly rest: readonly { readonly operator: Comparison; readonly operand: Expression }[];
    }
  | {
      readonly type: 'conditional';
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression | undefined;
    };

export interface FilterExpression {
  readonly type: 'filter';
  /** Undefined if the filter works on a block's output. */
  readonly operand: Expression | undefined;
  readonly name: string;
  readonly arguments: Arguments;
}

export interface TestExpression {
  readonly type: 'test';
  readonly operand: Expression;
  readonly name: string;
  readonly arguments: Arguments;
}

export interface Slice {
  readonly type: 'slice';
  readonly start: Expression | undefined;
  readonly stop: Expression | undefined;
  readonly step: Expression | undefined;
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
  /** The expression after `*`. */
  readonly rest?: Expression;
  /** The expression after `**`. */
  readonly namedRest?: Expression;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

/** The target of an assignment: a name, a field of a namespace, or several of them. */
export type Target =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'field'; readonly object: string; readonly name: string }
  | { readonly type: 'targets'; readonly targets: readonly Target[] };

export interface Parameter {
  readonly name: string;
  readonly otherwise: Expression | undefined;
}

export type Body = readonly Statement[];

export type Statement =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'output'; readonly value: Expression }
  | {
      readonly type: 'if';
      readonly branches: readonly { readonly test: Expression; readonly body: Body }[];
      readonly otherwise: Body;
    }
  | {
      readonly type: 'for';
      readonly target: Target;
      readonly iterable: Expression;
      readonly test: Expression | undefined;
      readonly body: Body;
      readonly otherwise: Body;
    }
  | { readonly type: 'set'; readonly target: Target; readonly value: Expression }
  | {
      readonly type: 'set block';
      readonly target: Target;
      readonly filter: FilterExpression | undefined;
      readonly body: Body;
    }
  | {
      readonly type: 'macro';
      readonly name: string;
      readonly parameters: readonly Parameter[];
      readonly body: Body;
    }
  | {
      readonly type: 'call block';
      readonly call: Expression & { readonly type: 'call' };
      readonly parameters: readonly Parameter[];
      readonly body: Body;
    }
  | { readonly type: 'filter block'; readonly filter: FilterExpression; readonly body: Body }
  | {
      readonly type: 'with';
      readonly values: readonly { readonly target: Target; readonly value: Expression }[];
      readonly body: Body;
    }
  | { readonly type: 'generation'; readonly body: Body }
  | { readonly type: 'break' | 'continue' };
