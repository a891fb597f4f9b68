package link

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/enum"
	"github.com/nlkit/nlkit/internal/uapi"
)

// CAN is a controller area network. The hardware's driver makes it, and [Add] is
// [errors.ErrUnsupported]; [VCAN] and [VXCAN] are made by Add. `ip link set NAME
// type can bitrate BITRATE`
//
//	err := link.Set(ctx, c, link.Name("can0"), link.WithKind(&link.CAN{
//		BitTiming:     link.CANBitTiming{Bitrate: 500_000},
//		DataBitTiming: link.CANBitTiming{Bitrate: 2_000_000},
//		Modes:         link.CANFD,
//	}))
//
// [Set] can change all that is not "read". Most of it the kernel changes only while
// the link is down, and says EBUSY otherwise; Restart only while it is up, and
// Termination always. What the hardware does not have is [errors.ErrUnsupported].
//
// Source: IFLA_CAN_*, include/uapi/linux/can/netlink.h.
type CAN struct {
	// BitTiming is the bit rate and how it comes about: in the arbitration phase,
	// if the data have a rate of their own (IFLA_CAN_BITTIMING).
	BitTiming CANBitTiming
	// DataBitTiming is the same for the data of CAN FD, which also takes [CANFD] in
	// Modes (IFLA_CAN_DATA_BITTIMING).
	DataBitTiming CANBitTiming
	// XLDataBitTiming is the same for the data of CAN XL, which also takes [CANXL] in
	// Modes (IFLA_CAN_XL_DATA_BITTIMING). Linux 6.19.
	XLDataBitTiming CANBitTiming
	// Modes are the modes that are on; on write, those to be switched on
	// (IFLA_CAN_CTRLMODE).
	Modes CANModes
	// ModesOff are the modes to be switched off; it is never read
	// (IFLA_CAN_CTRLMODE).
	ModesOff CANModes
	// RestartDelay is after how long the controller restarts by itself that has left
	// the bus because of errors, in whole milliseconds, 0 for never; the kernel's
	// default is 0 (IFLA_CAN_RESTART_MS).
	RestartDelay *time.Duration
	// Restart restarts at once a controller that has left the bus; it is sent, never
	// read (IFLA_CAN_RESTART).
	Restart bool
	// Termination is the resistance at the end of the bus, in ohms, 0 for none; one
	// of Terminations (IFLA_CAN_TERMINATION).
	Termination *uint16
	// TDC compensates the delay of the transmitter in CAN FD (IFLA_CAN_TDC). Linux
	// 5.16.
	TDC CANTDC
	// XLTDC is the same for CAN XL (IFLA_CAN_XL_TDC). Linux 6.19.
	XLTDC CANTDC
	// XLPWM is the form of the signals that [CANXLTMS] sends (IFLA_CAN_XL_PWM). Linux
	// 6.19.
	XLPWM CANPWM

	// State tells how many errors there are; read (IFLA_CAN_STATE).
	State CANState
	// ErrorCounters are the controller's counts of errors, nil if it has none; read
	// (IFLA_CAN_BERR_COUNTER).
	ErrorCounters *CANErrorCounters
	// Stats count what happened, nil if the kernel does not say; read
	// (IFLA_INFO_XSTATS).
	Stats *CANStats
	// Clock is the controller's clock, in hertz; read (IFLA_CAN_CLOCK).
	Clock uint32
	// Supported are the modes that the controller has; read (IFLA_CAN_CTRLMODE_EXT,
	// IFLA_CAN_CTRLMODE_SUPPORTED). Linux 5.17.
	Supported CANModes
	// BitrateMax is the largest bit rate of the transceiver, 0 if it is not known;
	// read (IFLA_CAN_BITRATE_MAX).
	BitrateMax uint32
	// BitTimingLimits are the controller's limits of BitTiming, nil if it does not
	// take times; read (IFLA_CAN_BITTIMING_CONST).
	BitTimingLimits *CANBitTimingLimits
	// DataBitTimingLimits are those of DataBitTiming; read
	// (IFLA_CAN_DATA_BITTIMING_CONST).
	DataBitTimingLimits *CANBitTimingLimits
	// XLDataBitTimingLimits are those of XLDataBitTiming; read
	// (IFLA_CAN_XL_DATA_BITTIMING_CONST). Linux 6.19.
	XLDataBitTimingLimits *CANBitTimingLimits
	// Bitrates are the bit rates of a controller that takes no others; read
	// (IFLA_CAN_BITRATE_CONST).
	Bitrates []uint32
	// DataBitrates are those for the data of CAN FD; read
	// (IFLA_CAN_DATA_BITRATE_CONST).
	DataBitrates []uint32
	// XLDataBitrates are those for the data of CAN XL; read
	// (IFLA_CAN_XL_DATA_BITRATE_CONST). Linux 6.19.
	XLDataBitrates []uint32
	// Terminations are the resistances that Termination can be; read
	// (IFLA_CAN_TERMINATION_CONST).
	Terminations []uint16
}

// CANBitTiming is a bit rate and how it comes about. A bit consists of time quanta:
// one to synchronize, the propagation segment and two phase segments, between which
// it is sampled.
//
// On write it is either a Bitrate, with a SamplePoint and a SyncJumpWidth if the
// kernel's choice won't do, or a TimeQuantum with its segments. Whichever is given,
// the kernel works out the rest. Both are there when it was read: then the Bitrate
// is sent, and so it can be changed and put back.
//
// Source: struct can_bittiming, include/uapi/linux/can/netlink.h.
type CANBitTiming struct {
	Bitrate       uint32        // bits in a second
	SamplePoint   uint32        // where a bit is sampled, in thousandths of its length, below 1000
	TimeQuantum   time.Duration // the unit of the segments, in nanoseconds
	PropSegment   uint32        // the propagation segment, in time quanta
	PhaseSegment1 uint32        // the phase segment before the sample, in time quanta
	PhaseSegment2 uint32        // the phase segment behind the sample, in time quanta
	SyncJumpWidth uint32        // by how much a phase segment may be changed to synchronize, in time quanta
	Prescaler     uint32        // the time quantum in periods of the clock; read
}

// CANBitTimingLimits are the limits of a controller for [CANBitTiming].
//
// Source: struct can_bittiming_const, include/uapi/linux/can/netlink.h.
type CANBitTimingLimits struct {
	Name             string // the controller's
	Segment1Min      uint32 // the shortest sum of propagation segment and phase segment 1
	Segment1Max      uint32 // the longest
	Segment2Min      uint32 // the shortest phase segment 2
	Segment2Max      uint32 // the longest
	SyncJumpWidthMax uint32 // the largest
	PrescalerMin     uint32 // the smallest
	PrescalerMax     uint32 // the largest
	PrescalerStep    uint32 // the step from one to the next
}

// CANTDC compensates the delay of a transmitter: it reads back the bits that it
// sends, Value plus Offset behind their start. The unit is a period of the clock.
// It takes [CANTDCAuto] or [CANTDCManual] in Modes, for CAN XL [CANXLTDCAuto] or
// [CANXLTDCManual].
//
// Source: IFLA_CAN_TDC_*, include/uapi/linux/can/netlink.h.
type CANTDC struct {
	// Value is the delay. The kernel takes it only in the manual mode, but may report
	// what was measured in the automatic one (IFLA_CAN_TDC_TDCV).
	Value *uint32
	// Offset is added to the delay; the kernel does not take a [CANTDC] without it
	// (IFLA_CAN_TDC_TDCO).
	Offset *uint32
	// Filter is the least sum of Value and Offset that counts (IFLA_CAN_TDC_TDCF).
	Filter *uint32

	ValueMin  uint32 // the controller's smallest Value; read (IFLA_CAN_TDC_TDCV_MIN)
	ValueMax  uint32 // the largest; read (IFLA_CAN_TDC_TDCV_MAX)
	OffsetMin uint32 // the controller's smallest Offset; read (IFLA_CAN_TDC_TDCO_MIN)
	OffsetMax uint32 // the largest; read (IFLA_CAN_TDC_TDCO_MAX)
	FilterMin uint32 // the controller's smallest Filter; read (IFLA_CAN_TDC_TDCF_MIN)
	FilterMax uint32 // the largest, 0 if it has none; read (IFLA_CAN_TDC_TDCF_MAX)
}

// CANPWM is the form of the pulses by which a CAN XL controller speaks to a
// transceiver in its fast mode. The unit is a period of the clock. Short and Long go
// together; what is not given the kernel works out. It takes [CANXLTMS] in Modes.
//
// Source: IFLA_CAN_PWM_*, include/uapi/linux/can/netlink.h, Linux 6.19.
type CANPWM struct {
	Short  *uint32 // the length of the short phase (IFLA_CAN_PWM_PWMS)
	Long   *uint32 // the length of the long phase (IFLA_CAN_PWM_PWML)
	Offset *uint32 // where the first pulse of a bit starts (IFLA_CAN_PWM_PWMO)

	ShortMin  uint32 // the controller's smallest Short; read (IFLA_CAN_PWM_PWMS_MIN)
	ShortMax  uint32 // the largest; read (IFLA_CAN_PWM_PWMS_MAX)
	LongMin   uint32 // the controller's smallest Long; read (IFLA_CAN_PWM_PWML_MIN)
	LongMax   uint32 // the largest; read (IFLA_CAN_PWM_PWML_MAX)
	OffsetMin uint32 // the controller's smallest Offset; read (IFLA_CAN_PWM_PWMO_MIN)
	OffsetMax uint32 // the largest; read (IFLA_CAN_PWM_PWMO_MAX)
}

// CANErrorCounters are a controller's counts of errors, which fall again when all
// goes well.
//
// Source: struct can_berr_counter, include/uapi/linux/can/netlink.h.
type CANErrorCounters struct {
	Tx uint16 // errors in sending
	Rx uint16 // errors in receiving
}

// CANStats count what happened to a controller.
//
// Source: struct can_device_stats, include/uapi/linux/can/netlink.h.
type CANStats struct {
	BusErrors       uint32 // errors on the bus
	ErrorWarnings   uint32 // changes to [CANErrorWarning]
	ErrorPassives   uint32 // changes to [CANErrorPassive]
	BusOffs         uint32 // changes to [CANBusOff]
	ArbitrationLost uint32 // arbitrations that another controller won
	Restarts        uint32 // restarts
}

// CANState tells how many errors a controller has seen lately.
//
// Source: enum can_state, include/uapi/linux/can/netlink.h.
type CANState uint32

// The states of a controller.
const (
	CANErrorActive  CANState = uapi.CAN_STATE_ERROR_ACTIVE  // CAN_STATE_ERROR_ACTIVE: fewer than 96
	CANErrorWarning CANState = uapi.CAN_STATE_ERROR_WARNING // CAN_STATE_ERROR_WARNING: fewer than 128
	CANErrorPassive CANState = uapi.CAN_STATE_ERROR_PASSIVE // CAN_STATE_ERROR_PASSIVE: fewer than 256
	CANBusOff       CANState = uapi.CAN_STATE_BUS_OFF       // CAN_STATE_BUS_OFF: more, and it has left the bus
	CANStopped      CANState = uapi.CAN_STATE_STOPPED       // CAN_STATE_STOPPED: it is down
	CANSleeping     CANState = uapi.CAN_STATE_SLEEPING      // CAN_STATE_SLEEPING: it sleeps
)

var canStates = enum.Words[CANState]{
	Type: "CANState",
	Words: []enum.Word[CANState]{
		{Value: CANErrorActive, Name: "error-active"}, {Value: CANErrorWarning, Name: "error-warning"},
		{Value: CANErrorPassive, Name: "error-passive"}, {Value: CANBusOff, Name: "bus-off"},
		{Value: CANStopped, Name: "stopped"}, {Value: CANSleeping, Name: "sleeping"},
	},
}

// String returns iproute2's word in lower case, such as "bus-off".
func (s CANState) String() string { return canStates.String(s) }

// MarshalText is String.
func (s CANState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returned.
func (s *CANState) UnmarshalText(text []byte) error { return canStates.Parse(text, s) }

// CANModes are modes of a controller.
//
// Source: CAN_CTRLMODE_*, include/uapi/linux/can/netlink.h.
type CANModes uint32

// The modes of a controller.
const (
	CANLoopback       CANModes = uapi.CAN_CTRLMODE_LOOPBACK       // CAN_CTRLMODE_LOOPBACK: receive what is sent
	CANListenOnly     CANModes = uapi.CAN_CTRLMODE_LISTENONLY     // CAN_CTRLMODE_LISTENONLY: send nothing, not even acknowledgements
	CANTripleSampling CANModes = uapi.CAN_CTRLMODE_3_SAMPLES      // CAN_CTRLMODE_3_SAMPLES: sample each bit three times
	CANOneShot        CANModes = uapi.CAN_CTRLMODE_ONE_SHOT       // CAN_CTRLMODE_ONE_SHOT: send a frame only once
	CANErrorReports   CANModes = uapi.CAN_CTRLMODE_BERR_REPORTING // CAN_CTRLMODE_BERR_REPORTING: tell of every error on the bus
	CANFD             CANModes = uapi.CAN_CTRLMODE_FD             // CAN_CTRLMODE_FD: CAN FD, with a faster and longer data phase
	CANPresumeAck     CANModes = uapi.CAN_CTRLMODE_PRESUME_ACK    // CAN_CTRLMODE_PRESUME_ACK: go on without acknowledgements
	CANFDNonISO       CANModes = uapi.CAN_CTRLMODE_FD_NON_ISO     // CAN_CTRLMODE_FD_NON_ISO: CAN FD as it was before the standard
	CANLen8DLC        CANModes = uapi.CAN_CTRLMODE_CC_LEN8_DLC    // CAN_CTRLMODE_CC_LEN8_DLC: keep length codes above 8 (Linux 5.11)
	CANTDCAuto        CANModes = uapi.CAN_CTRLMODE_TDC_AUTO       // CAN_CTRLMODE_TDC_AUTO: compensate the delay that is measured (Linux 5.16)
	CANTDCManual      CANModes = uapi.CAN_CTRLMODE_TDC_MANUAL     // CAN_CTRLMODE_TDC_MANUAL: compensate the delay in TDC (Linux 5.16)
	CANRestricted     CANModes = uapi.CAN_CTRLMODE_RESTRICTED     // CAN_CTRLMODE_RESTRICTED: send only acknowledgements (Linux 6.19)
	CANXL             CANModes = uapi.CAN_CTRLMODE_XL             // CAN_CTRLMODE_XL: CAN XL, with a data phase of up to 2048 bytes (Linux 6.19)
	CANXLTDCAuto      CANModes = uapi.CAN_CTRLMODE_XL_TDC_AUTO    // CAN_CTRLMODE_XL_TDC_AUTO: compensate the delay that is measured, in CAN XL (Linux 6.19)
	CANXLTDCManual    CANModes = uapi.CAN_CTRLMODE_XL_TDC_MANUAL  // CAN_CTRLMODE_XL_TDC_MANUAL: compensate the delay in XLTDC (Linux 6.19)
	CANXLTMS          CANModes = uapi.CAN_CTRLMODE_XL_TMS         // CAN_CTRLMODE_XL_TMS: switch the transceiver to its fast mode in the data phase (Linux 6.19)
)

var canModes = enum.Flags[CANModes]{
	Type: "CANModes",
	Words: []enum.Word[CANModes]{
		{Value: CANLoopback, Name: "loopback"}, {Value: CANListenOnly, Name: "listen-only"},
		{Value: CANTripleSampling, Name: "triple-sampling"}, {Value: CANOneShot, Name: "one-shot"},
		{Value: CANErrorReports, Name: "berr-reporting"}, {Value: CANFD, Name: "fd"},
		{Value: CANPresumeAck, Name: "presume-ack"}, {Value: CANFDNonISO, Name: "fd-non-iso"},
		{Value: CANLen8DLC, Name: "cc-len8-dlc"}, {Value: CANTDCAuto, Name: "tdc-auto"},
		{Value: CANTDCManual, Name: "tdc-manual"}, {Value: CANRestricted, Name: "restricted"},
		{Value: CANXL, Name: "xl"}, {Value: CANXLTDCAuto, Name: "xl-tdc-auto"},
		{Value: CANXLTDCManual, Name: "xl-tdc-manual"}, {Value: CANXLTMS, Name: "tms"},
	},
}

// Has reports whether all modes of n are among those of m.
func (m CANModes) Has(n CANModes) bool { return m&n == n }

// String returns iproute2's words in lower case: "loopback|fd".
func (m CANModes) String() string { return canModes.String(m) }

// MarshalText is String.
func (m CANModes) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returned.
func (m *CANModes) UnmarshalText(text []byte) error { return canModes.Parse(text, m) }

// Kind returns "can".
func (*CAN) Kind() string { return "can" }

func (*CAN) addressLen() int { return 0 } // it has no address

func (v *CAN) appendData(b []byte) ([]byte, error) { return canAttrs.Append(b, v) }

var canAttrs = attr.Table[CAN]{
	canBitTiming(uapi.IFLA_CAN_BITTIMING, "IFLA_CAN_BITTIMING", func(v *CAN) *CANBitTiming { return &v.BitTiming }),
	canLimits(uapi.IFLA_CAN_BITTIMING_CONST, "IFLA_CAN_BITTIMING_CONST", func(v *CAN) **CANBitTimingLimits { return &v.BitTimingLimits }),
	attr.U32(uapi.IFLA_CAN_CLOCK, "IFLA_CAN_CLOCK", func(v *CAN) *uint32 { return &v.Clock }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_STATE, "IFLA_CAN_STATE", func(v *CAN) *CANState { return &v.State }).ReadOnly(),
	attr.Custom(uapi.IFLA_CAN_CTRLMODE, "IFLA_CAN_CTRLMODE", // struct can_ctrlmode
		func(b []byte, v *CAN) ([]byte, error) {
			if v.Modes&v.ModesOff != 0 {
				return b, attr.Refuse("%v is to be both on and off", v.Modes&v.ModesOff)
			}
			mask := v.Modes | v.ModesOff
			if mask == 0 {
				return b, nil
			}
			p := appendWords(nil, uint32(mask), uint32(v.Modes))
			return attr.AppendBytes(b, uapi.IFLA_CAN_CTRLMODE, p), nil
		},
		func(p []byte, v *CAN) error {
			var mask, flags uint32
			if err := readWords(p, &mask, &flags); err != nil {
				return err
			}
			v.Modes, v.ModesOff = CANModes(flags), CANModes(mask&^flags) // the kernel's mask is empty
			return nil
		}).Sample(func(r *rand.Rand, v *CAN) {
		v.Modes = CANModes(r.Uint32()) | CANLoopback
		v.ModesOff = CANModes(r.Uint32()) &^ v.Modes
	}),
	attr.OptMillis(uapi.IFLA_CAN_RESTART_MS, "IFLA_CAN_RESTART_MS", func(v *CAN) **time.Duration { return &v.RestartDelay }),
	attr.Custom(uapi.IFLA_CAN_RESTART, "IFLA_CAN_RESTART",
		func(b []byte, v *CAN) ([]byte, error) {
			if v.Restart {
				b = attr.AppendUint32(b, uapi.IFLA_CAN_RESTART, 1)
			}
			return b, nil
		},
		func(_ []byte, v *CAN) error { v.Restart = true; return nil }).
		Sample(func(r *rand.Rand, v *CAN) { v.Restart = r.IntN(2) == 1 }),
	attr.Custom(uapi.IFLA_CAN_BERR_COUNTER, "IFLA_CAN_BERR_COUNTER", nil,
		func(p []byte, v *CAN) error {
			if len(p) < 4 {
				return short(p, 4)
			}
			v.ErrorCounters = &CANErrorCounters{Tx: binary.NativeEndian.Uint16(p), Rx: binary.NativeEndian.Uint16(p[2:])}
			return nil
		}).ReadOnly().Sample(func(r *rand.Rand, v *CAN) { v.ErrorCounters = &CANErrorCounters{Tx: uint16(r.Uint32())} }),
	canBitTiming(uapi.IFLA_CAN_DATA_BITTIMING, "IFLA_CAN_DATA_BITTIMING", func(v *CAN) *CANBitTiming { return &v.DataBitTiming }),
	canLimits(uapi.IFLA_CAN_DATA_BITTIMING_CONST, "IFLA_CAN_DATA_BITTIMING_CONST", func(v *CAN) **CANBitTimingLimits { return &v.DataBitTimingLimits }),
	attr.OptU16(uapi.IFLA_CAN_TERMINATION, "IFLA_CAN_TERMINATION", func(v *CAN) **uint16 { return &v.Termination }),
	attr.Custom(uapi.IFLA_CAN_TERMINATION_CONST, "IFLA_CAN_TERMINATION_CONST", nil,
		func(p []byte, v *CAN) error {
			v.Terminations = nil
			for ; len(p) >= 2; p = p[2:] {
				v.Terminations = append(v.Terminations, binary.NativeEndian.Uint16(p))
			}
			return nil
		}).ReadOnly().Sample(func(r *rand.Rand, v *CAN) { v.Terminations = []uint16{0, uint16(r.Uint32())} }),
	canBitrates(uapi.IFLA_CAN_BITRATE_CONST, "IFLA_CAN_BITRATE_CONST", func(v *CAN) *[]uint32 { return &v.Bitrates }),
	canBitrates(uapi.IFLA_CAN_DATA_BITRATE_CONST, "IFLA_CAN_DATA_BITRATE_CONST", func(v *CAN) *[]uint32 { return &v.DataBitrates }),
	attr.U32(uapi.IFLA_CAN_BITRATE_MAX, "IFLA_CAN_BITRATE_MAX", func(v *CAN) *uint32 { return &v.BitrateMax }).ReadOnly(),
	attr.Inline(uapi.IFLA_CAN_TDC, "IFLA_CAN_TDC", canTDCAttrs, func(v *CAN) *CANTDC { return &v.TDC }),
	attr.Inline(uapi.IFLA_CAN_CTRLMODE_EXT, "IFLA_CAN_CTRLMODE_EXT", attr.Table[CAN]{
		attr.U32(uapi.IFLA_CAN_CTRLMODE_SUPPORTED, "IFLA_CAN_CTRLMODE_SUPPORTED", func(v *CAN) *CANModes { return &v.Supported }),
	}, func(v *CAN) *CAN { return v }).ReadOnly(),
	canBitTiming(uapi.IFLA_CAN_XL_DATA_BITTIMING, "IFLA_CAN_XL_DATA_BITTIMING", func(v *CAN) *CANBitTiming { return &v.XLDataBitTiming }),
	canLimits(uapi.IFLA_CAN_XL_DATA_BITTIMING_CONST, "IFLA_CAN_XL_DATA_BITTIMING_CONST", func(v *CAN) **CANBitTimingLimits { return &v.XLDataBitTimingLimits }),
	canBitrates(uapi.IFLA_CAN_XL_DATA_BITRATE_CONST, "IFLA_CAN_XL_DATA_BITRATE_CONST", func(v *CAN) *[]uint32 { return &v.XLDataBitrates }),
	attr.Inline(uapi.IFLA_CAN_XL_TDC, "IFLA_CAN_XL_TDC", canTDCAttrs, func(v *CAN) *CANTDC { return &v.XLTDC }),
	attr.Inline(uapi.IFLA_CAN_XL_PWM, "IFLA_CAN_XL_PWM", canPWMAttrs, func(v *CAN) *CANPWM { return &v.XLPWM }),
}

var canTDCAttrs = attr.Table[CANTDC]{
	attr.U32(uapi.IFLA_CAN_TDC_TDCV_MIN, "IFLA_CAN_TDC_TDCV_MIN", func(v *CANTDC) *uint32 { return &v.ValueMin }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_TDC_TDCV_MAX, "IFLA_CAN_TDC_TDCV_MAX", func(v *CANTDC) *uint32 { return &v.ValueMax }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_TDC_TDCO_MIN, "IFLA_CAN_TDC_TDCO_MIN", func(v *CANTDC) *uint32 { return &v.OffsetMin }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_TDC_TDCO_MAX, "IFLA_CAN_TDC_TDCO_MAX", func(v *CANTDC) *uint32 { return &v.OffsetMax }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_TDC_TDCF_MIN, "IFLA_CAN_TDC_TDCF_MIN", func(v *CANTDC) *uint32 { return &v.FilterMin }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_TDC_TDCF_MAX, "IFLA_CAN_TDC_TDCF_MAX", func(v *CANTDC) *uint32 { return &v.FilterMax }).ReadOnly(),
	attr.OptU32(uapi.IFLA_CAN_TDC_TDCV, "IFLA_CAN_TDC_TDCV", func(v *CANTDC) **uint32 { return &v.Value }),
	attr.OptU32(uapi.IFLA_CAN_TDC_TDCO, "IFLA_CAN_TDC_TDCO", func(v *CANTDC) **uint32 { return &v.Offset }),
	attr.OptU32(uapi.IFLA_CAN_TDC_TDCF, "IFLA_CAN_TDC_TDCF", func(v *CANTDC) **uint32 { return &v.Filter }),
}

var canPWMAttrs = attr.Table[CANPWM]{
	attr.U32(uapi.IFLA_CAN_PWM_PWMS_MIN, "IFLA_CAN_PWM_PWMS_MIN", func(v *CANPWM) *uint32 { return &v.ShortMin }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_PWM_PWMS_MAX, "IFLA_CAN_PWM_PWMS_MAX", func(v *CANPWM) *uint32 { return &v.ShortMax }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_PWM_PWML_MIN, "IFLA_CAN_PWM_PWML_MIN", func(v *CANPWM) *uint32 { return &v.LongMin }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_PWM_PWML_MAX, "IFLA_CAN_PWM_PWML_MAX", func(v *CANPWM) *uint32 { return &v.LongMax }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_PWM_PWMO_MIN, "IFLA_CAN_PWM_PWMO_MIN", func(v *CANPWM) *uint32 { return &v.OffsetMin }).ReadOnly(),
	attr.U32(uapi.IFLA_CAN_PWM_PWMO_MAX, "IFLA_CAN_PWM_PWMO_MAX", func(v *CANPWM) *uint32 { return &v.OffsetMax }).ReadOnly(),
	attr.OptU32(uapi.IFLA_CAN_PWM_PWMS, "IFLA_CAN_PWM_PWMS", func(v *CANPWM) **uint32 { return &v.Short }),
	attr.OptU32(uapi.IFLA_CAN_PWM_PWML, "IFLA_CAN_PWM_PWML", func(v *CANPWM) **uint32 { return &v.Long }),
	attr.OptU32(uapi.IFLA_CAN_PWM_PWMO, "IFLA_CAN_PWM_PWMO", func(v *CANPWM) **uint32 { return &v.Offset }),
}

// canBitTiming is a row of struct can_bittiming.
func canBitTiming(typ uint16, name string, field func(*CAN) *CANBitTiming) attr.Row[CAN] {
	return attr.Custom(typ, name,
		func(b []byte, v *CAN) ([]byte, error) {
			t := *field(v)
			switch {
			case t == (CANBitTiming{}):
				return b, nil
			case t.SamplePoint >= 1000:
				return b, attr.Refuse("a sample point of %d is not below 1000", t.SamplePoint)
			case t.Bitrate != 0:
				// The kernel refuses a time quantum beside it.
				return attr.AppendBytes(b, typ, appendWords(nil, t.Bitrate, t.SamplePoint, 0, 0, 0, 0, t.SyncJumpWidth, 0)), nil
			case t.TimeQuantum < 1 || t.TimeQuantum > 1<<32-1:
				return b, attr.Refuse("no bit rate, and a time quantum of %v", t.TimeQuantum)
			}
			return attr.AppendBytes(b, typ, appendWords(nil, 0, t.SamplePoint, uint32(t.TimeQuantum),
				t.PropSegment, t.PhaseSegment1, t.PhaseSegment2, t.SyncJumpWidth, 0)), nil
		},
		func(p []byte, v *CAN) error {
			var t CANBitTiming
			var quantum uint32
			err := readWords(p, &t.Bitrate, &t.SamplePoint, &quantum, &t.PropSegment, &t.PhaseSegment1, &t.PhaseSegment2, &t.SyncJumpWidth, &t.Prescaler)
			t.TimeQuantum = time.Duration(quantum)
			if err == nil {
				*field(v) = t
			}
			return err
		}).Sample(func(r *rand.Rand, v *CAN) {
		t := CANBitTiming{SamplePoint: r.Uint32N(1000), SyncJumpWidth: r.Uint32()}
		if r.IntN(2) == 1 {
			t.Bitrate = 1 + r.Uint32N(1_000_000)
		} else {
			t.TimeQuantum = time.Duration(1 + r.Uint32N(1000))
			t.PropSegment, t.PhaseSegment1, t.PhaseSegment2 = r.Uint32(), r.Uint32(), r.Uint32()
		}
		*field(v) = t
	})
}

// canLimits is a row of struct can_bittiming_const, which is only read.
func canLimits(typ uint16, name string, field func(*CAN) **CANBitTimingLimits) attr.Row[CAN] {
	const nameLen = 16
	return attr.Custom(typ, name, nil,
		func(p []byte, v *CAN) error {
			if len(p) < nameLen {
				return short(p, nameLen)
			}
			text, _, _ := bytes.Cut(p[:nameLen], []byte{0})
			l := &CANBitTimingLimits{Name: string(text)}
			err := readWords(p[nameLen:], &l.Segment1Min, &l.Segment1Max, &l.Segment2Min, &l.Segment2Max,
				&l.SyncJumpWidthMax, &l.PrescalerMin, &l.PrescalerMax, &l.PrescalerStep)
			if err == nil {
				*field(v) = l
			}
			return err
		}).ReadOnly().Sample(func(r *rand.Rand, v *CAN) { *field(v) = &CANBitTimingLimits{Segment1Max: r.Uint32()} })
}

// canBitrates is a row of bit rates, which is only read.
func canBitrates(typ uint16, name string, field func(*CAN) *[]uint32) attr.Row[CAN] {
	return attr.Custom(typ, name, nil,
		func(p []byte, v *CAN) error {
			list := make([]uint32, len(p)/4)
			for i := range list {
				list[i] = binary.NativeEndian.Uint32(p[4*i:])
			}
			*field(v) = list
			return nil
		}).ReadOnly().Sample(func(r *rand.Rand, v *CAN) { *field(v) = []uint32{r.Uint32(), r.Uint32()} })
}

// readXStats reads struct can_device_stats.
func (v *CAN) readXStats(p []byte) error {
	s := new(CANStats)
	err := readWords(p, &s.BusErrors, &s.ErrorWarnings, &s.ErrorPassives, &s.BusOffs, &s.ArbitrationLost, &s.Restarts)
	if err == nil {
		v.Stats = s
	}
	return err
}

// steady implements [unsteadyKind].
func (c *CAN) steady() Kind {
	s := *c
	s.ErrorCounters, s.Stats = nil, nil
	return &s
}
