/// Letting go of objects of the user's program: a node's code object, the owner of borrowed memory.
///
/// The end of such an object may run any code (`__del__`, callbacks of weak references), and that may
/// record and evaluate. Whoever is in the midst of an evaluation therefore holds releases back.
/// Throws:  nothing. Threads: under the GIL.
#pragma once

namespace grumpy {

/// Calls release(object): at once, or by run_releases when releases are held back.
void release_object(void* object, void (*release)(void* object));

/// From now on, until it is called with false, releases wait.
void hold_releases(bool held);

/// Does what has waited. Needs: nothing held back, no lock of ours held.
void run_releases();

}  // namespace grumpy
