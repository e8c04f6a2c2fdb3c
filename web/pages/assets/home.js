/**
 * The front page: whether the service is ready.
 * @module home
 */

const status = document.getElementById('status');
try {
  const response = await fetch('/readyz', { cache: 'no-store' });
  status.textContent = response.ok ? 'Running' : 'Not ready';
  status.dataset.ready = String(response.ok);
} catch {
  status.textContent = 'Not reachable';
  status.dataset.ready = 'false';
}
document.getElementById('origin').textContent = location.origin;
