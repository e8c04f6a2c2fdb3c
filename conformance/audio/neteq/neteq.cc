// libwebrtc's audio receiver, NetEQ, told the time: the packets of a schedule go in when they arrive, and every 10 ms a
// frame comes out, as fast as this machine can. The same schedule always gives the same sound.
//
//     neteq IN OUT [PHASE_US]
//
// IN is NAME.sched (see ../sender/src/schedule.rs) or a folder of such, and each gives OUT/NAME.wav and OUT/NAME.json.
// PHASE_US: when the first frame after the start of the schedule is pulled, 0 to 9999 (5000).

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/audio/audio_frame.h"
#include "api/audio_codecs/opus/audio_decoder_opus.h"
#include "api/audio_codecs/audio_decoder_factory_template.h"
#include "api/neteq/default_neteq_controller_factory.h"
#include "api/neteq/neteq.h"
#include "api/rtp_headers.h"
#include "modules/audio_coding/neteq/default_neteq_factory.h"
#include "rtc_base/logging.h"
#include "system_wrappers/include/clock.h"

namespace {

constexpr int kRate = 48000;
constexpr size_t kFrame = kRate / 100;
constexpr int64_t kPeriodUs = 10000;
// A browser pulls before the first packet comes, and while what is in the buffer is played.
constexpr int64_t kBeforeUs = 500000;
constexpr int64_t kAfterUs = 1000000;

struct Packet {
  int64_t arrival_us;
  webrtc::RTPHeader header;
  std::vector<uint8_t> payload;
};

class Reader {
 public:
  explicit Reader(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}

  bool at_end() const { return at_ == bytes_.size(); }

  std::vector<uint8_t> take(size_t length) {
    if (bytes_.size() - at_ < length) throw std::runtime_error("cut short");
    auto from = bytes_.begin() + at_;
    at_ += length;
    return {from, from + length};
  }

  uint32_t little(size_t bytes) { return number(take(bytes), true); }
  uint32_t big(size_t bytes) { return number(take(bytes), false); }
  size_t left() const { return bytes_.size() - at_; }

 private:
  static uint32_t number(std::vector<uint8_t> bytes, bool little) {
    if (little) std::reverse(bytes.begin(), bytes.end());
    uint32_t sum = 0;
    for (uint8_t byte : bytes) sum = sum << 8 | byte;
    return sum;
  }

  std::vector<uint8_t> bytes_;
  size_t at_ = 0;
};

Packet parse_packet(int64_t arrival_us, std::vector<uint8_t> bytes) {
  Reader reader(std::move(bytes));
  Packet packet{arrival_us, {}, {}};
  uint32_t first = reader.little(1), second = reader.little(1);
  if (first >> 6 != 2) throw std::runtime_error("no RTP");
  packet.header.markerBit = second & 0x80;
  packet.header.payloadType = second & 0x7f;
  packet.header.sequenceNumber = reader.big(2);
  packet.header.timestamp = reader.big(4);
  packet.header.ssrc = reader.big(4);
  reader.take((first & 0x0f) * 4);
  if (first & 0x10) {
    reader.take(2);
    reader.take(reader.big(2) * 4);
  }
  packet.payload = reader.take(reader.left());
  if (first & 0x20) {
    size_t padding = packet.payload.empty() ? 0 : packet.payload.back();
    if (padding == 0 || padding > packet.payload.size()) throw std::runtime_error("padding");
    packet.payload.resize(packet.payload.size() - padding);
  }
  return packet;
}

std::vector<Packet> read_schedule(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Reader reader({std::istreambuf_iterator<char>(file), {}});
  const std::vector<uint8_t> magic = {'A', 'R', 'T', 'P', '1', '\n'};
  if (reader.take(magic.size()) != magic) throw std::runtime_error("not a schedule");
  std::vector<Packet> packets;
  while (!reader.at_end()) {
    int64_t arrival_us = reader.little(4);
    if (!packets.empty() && arrival_us < packets.back().arrival_us) throw std::runtime_error("not in order");
    size_t length = reader.little(2);
    packets.push_back(parse_packet(arrival_us, reader.take(length)));
  }
  if (packets.empty()) throw std::runtime_error("no packets");
  return packets;
}

void little(std::ostream& out, uint32_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) out.put(static_cast<char>(value & 0xff));
}

void write_wav(const std::filesystem::path& path, const std::vector<int16_t>& samples) {
  std::ofstream out(path, std::ios::binary);
  uint32_t bytes = samples.size() * 2;
  out << "RIFF";
  little(out, 36 + bytes, 4);
  out << "WAVEfmt ";
  little(out, 16, 4);
  little(out, 1, 2);
  little(out, 1, 2);
  little(out, kRate, 4);
  little(out, kRate * 2, 4);
  little(out, 2, 2);
  little(out, 16, 2);
  out << "data";
  little(out, bytes, 4);
  for (int16_t sample : samples) little(out, static_cast<uint16_t>(sample), 2);
  if (!out.flush()) throw std::runtime_error("cannot write");
}

// How many packets the numbers tell of (RFC 3550 appendix A.3).
int64_t expected(const std::vector<Packet>& packets) {
  int64_t newest = packets.front().header.sequenceNumber, oldest = newest;
  for (const Packet& packet : packets) {
    int64_t number = newest + static_cast<int16_t>(packet.header.sequenceNumber - static_cast<uint16_t>(newest));
    newest = std::max(newest, number);
    oldest = std::min(oldest, number);
  }
  return newest - oldest + 1;
}

// What was counted before the first packet, when NetEQ conceals that there is nothing, is taken away.
webrtc::NetEqLifetimeStatistics since(webrtc::NetEqLifetimeStatistics stats, const webrtc::NetEqLifetimeStatistics& before) {
  stats.total_samples_received -= before.total_samples_received;
  stats.concealed_samples -= before.concealed_samples;
  stats.silent_concealed_samples -= before.silent_concealed_samples;
  stats.concealment_events -= before.concealment_events;
  return stats;
}

void write_json(const std::filesystem::path& path, const webrtc::NetEqLifetimeStatistics& stats,
                const std::vector<Packet>& packets, size_t frames, int64_t phase_us) {
  FILE* out = std::fopen(path.c_str(), "w");
  if (!out) throw std::runtime_error("cannot write");
  std::fprintf(out, "{\n  \"peer\": \"NetEQ, %s\",\n  \"stats\": {\n", NETEQ_VERSION);
  auto number = [out](const char* name, double value) { std::fprintf(out, "    \"%s\": %.15g,\n", name, value); };
  number("jitterBufferDelay", stats.jitter_buffer_delay_ms / 1e3);
  number("jitterBufferEmittedCount", stats.jitter_buffer_emitted_count);
  number("jitterBufferMinimumDelay", stats.jitter_buffer_minimum_delay_ms / 1e3);
  number("jitterBufferTargetDelay", stats.jitter_buffer_target_delay_ms / 1e3);
  number("totalSamplesReceived", stats.total_samples_received);
  number("concealedSamples", stats.concealed_samples);
  number("silentConcealedSamples", stats.silent_concealed_samples);
  number("concealmentEvents", stats.concealment_events);
  number("insertedSamplesForDeceleration", stats.inserted_samples_for_deceleration);
  number("removedSamplesForAcceleration", stats.removed_samples_for_acceleration);
  number("packetsReceived", packets.size());
  number("packetsLost", expected(packets) - static_cast<int64_t>(packets.size()));
  number("packetsDiscarded", stats.packets_discarded);
  number("fecPacketsReceived", stats.fec_packets_received);
  std::fprintf(out, "    \"fecPacketsDiscarded\": %.15g\n  },\n", static_cast<double>(stats.fec_packets_discarded));
  std::fprintf(out, "  \"played\": { \"frames\": %zu, \"firstPullUs\": %lld }\n}\n", frames,
               static_cast<long long>(phase_us));
  if (std::fclose(out) != 0) throw std::runtime_error("cannot write");
}

// As AudioReceiveStream sets it up for a browser that sets nothing.
std::unique_ptr<webrtc::NetEq> make_neteq(webrtc::Clock* clock) {
  webrtc::NetEq::Config config;
  config.enable_muted_state = true;
  // Newer ones have done without.
  auto detect_voice = [](auto& config) {
    if constexpr (requires { config.enable_post_decode_vad; }) config.enable_post_decode_vad = true;
  };
  detect_voice(config);
  auto decoders = webrtc::CreateAudioDecoderFactory<webrtc::AudioDecoderOpus>();
  auto neteq = webrtc::DefaultNetEqFactory().CreateNetEq(config, decoders, clock);
  neteq->SetCodecs({
      {111, {"opus", kRate, 2, {{"minptime", "10"}, {"useinbandfec", "1"}}}},
      {63, {"red", kRate, 2, {{"", "111/111"}}}},
  });
  return neteq;
}

void run(const std::filesystem::path& in, const std::filesystem::path& out, int64_t phase_us) {
  std::vector<Packet> packets = read_schedule(in);
  // Any time but zero, which stands for none here and there.
  constexpr int64_t kStartUs = 1000000000;
  webrtc::SimulatedClock clock(kStartUs - kBeforeUs - kPeriodUs);
  auto advance = [&](int64_t to_us) { clock.AdvanceTimeMicroseconds(kStartUs + to_us - clock.TimeInMicroseconds()); };
  auto neteq = make_neteq(&clock);
  std::vector<int16_t> samples;
  size_t next = 0;
  std::optional<webrtc::NetEqLifetimeStatistics> before, stats;
  const int64_t last_us = packets.back().arrival_us;
  for (int64_t pull_us = phase_us - kBeforeUs; pull_us <= last_us + kAfterUs; pull_us += kPeriodUs) {
    for (; next < packets.size() && packets[next].arrival_us <= pull_us; ++next) {
      if (!before) before = neteq->GetLifetimeStatistics();
      advance(packets[next].arrival_us);
      neteq->InsertPacket(packets[next].header, packets[next].payload);
    }
    // With the last packet: what comes after it is concealment of nothing.
    if (next == packets.size() && !stats) stats = since(neteq->GetLifetimeStatistics(), *before);
    advance(pull_us);
    webrtc::AudioFrame frame;
    bool muted = false;
    if (neteq->GetAudio(&frame, &muted) != webrtc::NetEq::kOK) throw std::runtime_error("GetAudio");
    if (pull_us < 0) continue;
    if (muted || frame.muted() || frame.sample_rate_hz() != kRate) {
      // Before the first packet NetEQ runs at another rate, and has nothing to say.
      samples.resize(samples.size() + kFrame);
      continue;
    }
    for (size_t at = 0; at < kFrame; ++at) samples.push_back(frame.data()[at * frame.num_channels()]);
  }
  write_wav(std::filesystem::path(out).replace_extension(".wav"), samples);
  write_json(std::filesystem::path(out).replace_extension(".json"), stats.value(), packets, samples.size() / kFrame,
             phase_us);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "neteq IN OUT [PHASE_US]\n");
    return 2;
  }
  const int64_t phase_us = argc > 3 ? std::strtoll(argv[3], nullptr, 10) : 5000;
  if (phase_us < 0 || phase_us >= kPeriodUs) {
    std::fprintf(stderr, "a phase is 0 to 9999 us\n");
    return 2;
  }
  rtc::LogMessage::LogToDebug(rtc::LS_ERROR);
  int status = 0;
  std::filesystem::create_directories(argv[2]);
  std::vector<std::filesystem::path> schedules = {argv[1]};
  if (std::filesystem::is_directory(argv[1])) {
    schedules.clear();
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
      if (entry.path().extension() == ".sched") schedules.push_back(entry.path());
    }
  }
  for (const auto& schedule : schedules) {
    try {
      run(schedule, std::filesystem::path(argv[2]) / schedule.filename(), phase_us);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", schedule.c_str(), error.what());
      status = 1;
    }
  }
  return status;
}
