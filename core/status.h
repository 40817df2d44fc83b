/* What an operation of the outside world can return. Zero is success; callers must look. */
#ifndef SHARDBOOK_CORE_STATUS_H
#define SHARDBOOK_CORE_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_FULL = -1,    /* no room now: take nothing more until there is */
    STATUS_EMPTY = -2,   /* nothing there now */
    STATUS_AWAY = -3,    /* the other side cannot be reached; trying again may help */
    STATUS_REFUSED = -4, /* the other side said no; trying again will not help */
    STATUS_INVALID = -5, /* the arguments or bytes are not of the form asked for */
    STATUS_GAP = -6,     /* what was asked for is no longer held */
    STATUS_NO_MEMORY = -7,
    STATUS_OVERTAKEN = -8, /* a lagging reader was lapped and lost its place */
    STATUS_FATAL = -9      /* the component cannot go on; stop and recover */
};

/* "OK", "FULL" and so on; static. */
static inline const char *status_name(int status) {
    static const char *const names[] = {
        "OK", "FULL", "EMPTY", "AWAY", "REFUSED", "INVALID", "GAP", "NO_MEMORY", "OVERTAKEN", "FATAL"};
    return status <= 0 && status >= STATUS_FATAL ? names[-status] : "?";
}

#endif
