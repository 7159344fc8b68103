import type { Catalogue } from '../catalogue';

export const device: Catalogue['device'] = {
  looking: '正在查找 GPU…',
  none: '没有 WebGPU',
  software: (name) => `软件渲染：${name}`,
  unnamed: '已找到 GPU',
  unnamedSoftware: '软件渲染',
  shortSoftware: '仅 CPU',
  noneTitle: '本页面需要 WebGPU，而当前浏览器没有提供。',
  softwareTitle: '浏览器正在用处理器计算，没有用到你的 GPU。',
  softwareMeaning: '所有功能都可用，只是慢得多。',
  exportWorks: '不过你仍可以试用别人训练好的模型：它的 ONNX 导出可以在处理器上运行。',
  howTo: '如何启用 WebGPU',
  howToGpu: '如何用上你的 GPU',
  advice: [
    '换用支持 WebGPU 的浏览器：Chrome 或 Edge 113 及以上、Safari 26，或 Windows 上的 Firefox 141（Mac 上为 145）。',
    '开启硬件加速：在 Chrome 和 Edge 的“设置 → 系统”中打开“使用图形加速功能（如果可用）”，然后重启浏览器。',
    '在 Linux 上，Chrome 可能需要在 chrome://flags 中把“Unsafe WebGPU Support”和“Vulkan”两项设为 Enabled，再重启浏览器。',
    '更新显卡驱动，并关闭其他占用 GPU 的标签页。虚拟机或远程桌面中可能没有可用的 GPU。',
    '网址必须以 https:// 开头，或者是 localhost。',
  ],
  check: '在 chrome://gpu 可以查看浏览器如何识别你的显卡。',
  engineFailed: '引擎没有运行。',
  reload: '刷新页面',
};
