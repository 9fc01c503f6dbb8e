// The participant's table as it must be: state | event | what is done -> next state. ! is a broken assertion.
// Over lane 3 comes a coordinator that has connected again; whoever waits on lane 1 is told as well.

/** One row a line, in the order of states and events in participant.test.ts. */
export const TABLE = `
none | lock | fetch for 3 -> locked
none | release | -
none | prepare | log never -> refusing
none | prepare, other token | log never -> refusing
none | commit | send 3 done
none | abort | send 3 done
none | inquire | log never -> refusing
none | forget | -
none | settled | -
none | log committed | -
none | lane 1 lost | -
waiting | lock | -
waiting | release | - -> none
waiting | prepare | log never -> refusing
waiting | prepare, other token | log never -> refusing
waiting | commit | !
waiting | abort | send 3 done -> none
waiting | inquire | log never -> refusing
waiting | forget | -
waiting | settled | -
waiting | log committed | -
waiting | lane 1 lost | - -> none
locked | lock | fetch for 3
locked | release | - -> none
locked | prepare | log prepare of g1 g2 -> preparing
locked | prepare, other token | log never -> refusing
locked | commit | !
locked | abort | send 3 done -> none
locked | inquire | log never -> refusing
locked | forget | -
locked | settled | -
locked | log committed | -
locked | lane 1 lost | - -> none
preparing | lock | send 3 refused stale
preparing | release | -
preparing | prepare | -
preparing | prepare, other token | -
preparing | commit | !
preparing | abort | log abort -> finishing abort
preparing | inquire | -
preparing | forget | -
preparing | settled | -
preparing | log committed | send 1 vote prepared -> prepared
preparing | lane 1 lost | -
prepared | lock | send 3 refused stale
prepared | release | -
prepared | prepare | send 3 vote prepared
prepared | prepare, other token | send 3 vote prepared
prepared | commit | log commit; apply "E" -> finishing commit
prepared | abort | log abort -> finishing abort
prepared | inquire | send 3 state prepared
prepared | forget | -
prepared | settled | -
prepared | log committed | -
prepared | lane 1 lost | -
finishing commit | lock | send 3 refused stale
finishing commit | release | -
finishing commit | prepare | -
finishing commit | prepare, other token | -
finishing commit | commit | -
finishing commit | abort | !
finishing commit | inquire | -
finishing commit | forget | -
finishing commit | settled | -
finishing commit | log committed | send 1 done -> finished commit
finishing commit | lane 1 lost | -
finishing abort | lock | send 3 refused stale
finishing abort | release | -
finishing abort | prepare | -
finishing abort | prepare, other token | -
finishing abort | commit | !
finishing abort | abort | -
finishing abort | inquire | -
finishing abort | forget | -
finishing abort | settled | -
finishing abort | log committed | send 1 done -> finished abort
finishing abort | lane 1 lost | -
finished commit | lock | send 3 refused stale
finished commit | release | -
finished commit | prepare | send 3 vote prepared
finished commit | prepare, other token | send 3 vote prepared
finished commit | commit | send 3 done
finished commit | abort | !
finished commit | inquire | send 3 state committed
finished commit | forget | log forget -> none
finished commit | settled | log forget and fence -> none
finished commit | log committed | -
finished commit | lane 1 lost | -
finished abort | lock | send 3 refused stale
finished abort | release | -
finished abort | prepare | send 3 vote never
finished abort | prepare, other token | send 3 vote never
finished abort | commit | !
finished abort | abort | send 3 done
finished abort | inquire | send 3 state aborted
finished abort | forget | log forget -> none
finished abort | settled | log forget and fence -> none
finished abort | log committed | -
finished abort | lane 1 lost | -
refusing | lock | send 3 refused stale
refusing | release | -
refusing | prepare | -
refusing | prepare, other token | -
refusing | commit | !
refusing | abort | -
refusing | inquire | -
refusing | forget | -
refusing | settled | -
refusing | log committed | send 1 vote never -> refused
refusing | lane 1 lost | -
refused | lock | send 3 refused stale
refused | release | -
refused | prepare | send 3 vote never
refused | prepare, other token | send 3 vote never
refused | commit | !
refused | abort | send 3 done
refused | inquire | send 3 state never
refused | forget | log forget -> none
refused | settled | log forget and fence -> none
refused | log committed | -
refused | lane 1 lost | -
`;
