#pragma once
/* Telling the service manager that we are ready, where there is one. */

/* Sends `state` ("READY=1", "STOPPING=1") to $NOTIFY_SOCKET as sd_notify(3) describes; does nothing
 * without. What can't be sent is lost: nothing depends on it here. */
void notify_manager(const char *state);
