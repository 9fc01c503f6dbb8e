// The simulator against broken rules of transfer on write (R1, R2): each mutation must be found by the seeds that it
// names, and for what it breaks.
import { findsEach } from './finds.js';
import { RING_MUTATIONS } from './ring-mutations.js';

findsEach(RING_MUTATIONS);
