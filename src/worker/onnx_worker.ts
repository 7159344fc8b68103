import { expose } from 'comlink';
import { OnnxChat } from '../session/chat/onnx_chat';
import { registerErrorTransfer } from './errors';

registerErrorTransfer();
expose(new OnnxChat());
