// The simulator against broken rules of a group's life: each mutation must be found by the seeds that it names, and
// for what it breaks.
import { findsEach } from './finds.js';
import { GROUP_MUTATIONS } from './group-mutations.js';

findsEach(GROUP_MUTATIONS);
