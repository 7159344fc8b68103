export const update = {
  ready: 'A new version is ready.',
  reload: 'Reload',
  later: 'Later',
};
