// The simulator against broken rules of values that go in pieces: each mutation must be found by the seeds that it
// names, and for what it breaks.
import { findsEach } from './finds.js';
import { LARGE_MUTATIONS } from './large-mutations.js';

findsEach(LARGE_MUTATIONS);
