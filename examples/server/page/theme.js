// Before anything is painted: the colours that were chosen on an earlier visit.
(() => {
  try {
    const theme = localStorage.getItem('conclave.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // without storage, those of the system
  }
})();
