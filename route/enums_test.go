package route_test

import (
	"encoding"
	"fmt"
	"testing"

	"github.com/nlkit/nlkit/route"
)

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		v interface {
			fmt.Stringer
			encoding.TextMarshaler
		}
		into encoding.TextUnmarshaler
		want string
	}{
		{route.TypeUnspec, new(route.Type), "none"},
		{route.TypeBlackhole, new(route.Type), "blackhole"},
		{route.Type(99), new(route.Type), "Type(99)"},
		{route.PreferenceLow, new(route.Preference), "low"},
		{route.Preference(2), new(route.Preference), "Preference(2)"},
		{route.FlagOnlink | route.FlagRTOffload | 0x40000, new(route.Flags), "onlink|rt_offload|0x40000"},
		{route.Flags(0), new(route.Flags), "0"},
		{route.MetricMTU | route.MetricRTOMin | 1, new(route.MetricSet), "mtu|rto_min|0x1"},
		{route.FeatureECN | route.FeatureTCPUsecTS | 2, new(route.Features), "ecn|tcp_usec_ts|0x2"},
	} {
		text, err := tt.v.MarshalText()
		if err != nil || string(text) != tt.want || tt.v.String() != tt.want {
			t.Errorf("got %q and %q, %v, want %q", tt.v, text, err, tt.want)
		}
		if err := tt.into.UnmarshalText(text); err != nil || fmt.Sprint(tt.into) != tt.want {
			t.Errorf("%q back is %v, %v", text, tt.into, err)
		}
		if err := tt.into.UnmarshalText([]byte("no such word")); err == nil {
			t.Errorf("%T takes any word", tt.into)
		}
	}
	if !route.FlagOnlink.Has(0) || route.FlagOnlink.Has(route.FlagDead) || !route.MetricSet(6).Has(route.MetricMTU) || route.Features(0).Has(route.FeatureECN) {
		t.Error("Has")
	}
}
