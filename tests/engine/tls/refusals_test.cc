// Whoever is not let in, and whoever is not who it should be: each side says why, in a line.
#include <openssl/ssl.h>
#include <unistd.h>

#include <boost/asio/ssl/context.hpp>
#include <fstream>
#include <thread>

#include "engine/tls/handles.hh"
#include "engine/tls/private_file.hh"
#include "engine/wire/text_message.hh"
#include "tests/engine/tls/tls_pair.hh"

namespace splitwan::tests {

void TlsFolders::make_file(const std::string& path, const std::string& text) {
  make_private_file(path, text);
}

namespace {

using testing::HasSubstr, testing::StartsWith, testing::IsEmpty;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

void expect_refused(const Met& met, const std::string& caller_says, const std::string& called_says) {
  EXPECT_FALSE(met.greeted());
  EXPECT_THAT(met.called.messages, IsEmpty()) << "before anything is heard of the caller";
  EXPECT_THAT(met.caller.why, HasSubstr(caller_says));
  EXPECT_THAT(met.called.why, HasSubstr(called_says));
  for (const std::string& why : {met.caller.why, met.called.why}) EXPECT_THAT(why, Not(HasSubstr("\n")));
}

Validity from_to(std::chrono::hours begins, std::chrono::hours ends) {
  const auto now = std::chrono::system_clock::now();
  return {now + begins, now + ends};
}

TEST(Tls, lets_in_who_proves_to_be_a_client_and_names_it) {
  const TlsFolders folders;
  const Met met = meet(folders.client(), folders.server());
  EXPECT_TRUE(met.greeted());
  EXPECT_EQ(met.caller.protection, "TLS 1.3, peer server");
  EXPECT_EQ(met.called.protection, "TLS 1.3, peer client");
  EXPECT_EQ(met.caller.why, "closed");
  EXPECT_EQ(met.called.why, "closed by the peer");
}

TEST(Tls, knows_a_server_by_its_address_too) {
  const TlsFolders folders;
  EXPECT_TRUE(meet(folders.client("10.0.0.2"), folders.server()).greeted());
}

TEST(Tls, expects_the_name_that_was_called_where_no_other_is_stated) {
  const TlsFolders folders;
  for (const auto& [called, fine] : {std::pair{"10.0.0.2", true}, {"10.0.0.3", false}}) {
    auto [calling, listening] = socket_pair();
    calling.expect_to_be(called);
    EXPECT_EQ(meet(folders.client(""), folders.server(), std::move(calling), std::move(listening)).greeted(),
              fine);
  }
  EXPECT_THAT(meet(folders.client(""), folders.server()).caller.why, HasSubstr("expected --tls-name"));
}

TEST(Tls, calls_nobody_by_a_name_that_cannot_be_proved) {
  const TlsFolders folders;
  const std::string name("gpu.example.org\0.elsewhere", 26);
  const Met met = meet(folders.client(name), folders.server());
  EXPECT_FALSE(met.greeted());
  EXPECT_EQ(met.caller.why,
            "TLS: 'gpu.example.org .elsewhere' cannot be the name that the server must prove");
}

TEST(TlsRefusal, wrong_host) {
  const TlsFolders folders;
  for (const std::string name : {"other.example.org", "10.0.0.3", "org", "server"})
    expect_refused(
        meet(folders.client(name), folders.server()),
        "TLS: the server's certificate, 'server', is for gpu.example.org, 10.0.0.2: expected '" + name,
        "the client refuses this server's certificate: it is not for the name that was called");
}

TEST(TlsRefusal, wrong_authority_of_the_server) {
  const TlsFolders ours, theirs;
  expect_refused(meet(ours.client(), theirs.server()), "expected one of the CA trusted here, 'splitwan CA ",
                 "the client refuses this server's certificate: it is of another CA");
}

TEST(TlsRefusal, wrong_authority_of_the_client) {
  const TlsFolders ours, theirs;
  fs::copy_file(ours / "ca.pem", theirs / "client/ca.pem", fs::copy_options::overwrite_existing);
  expect_refused(meet(theirs.client(), ours.server()),
                 "TLS: the server refuses this client's certificate: it is of another CA",
                 "TLS: the client's certificate, 'client', is of 'splitwan CA ");
}

TEST(TlsRefusal, expired_and_not_yet_valid_servers) {
  const TlsFolders folders;
  folders.replace("server", {"server", {"gpu.example.org"}, true, false, from_to(-48h, -24h)});
  expect_refused(meet(folders.client(), folders.server()),
                 "the server's certificate, 'server', has expired: it ended ",
                 "the client refuses this server's certificate: by its clock it has expired");
  folders.replace("server", {"server", {"gpu.example.org"}, true, false, from_to(24h, 48h)});
  expect_refused(
      meet(folders.client(), folders.server()), "'server', is not valid yet: it begins ",
      "the client refuses this server's certificate: by its clock it has expired, or is not valid yet");
}

TEST(TlsRefusal, expired_and_not_yet_valid_clients) {
  const TlsFolders folders;
  for (const auto& [valid, here] : {std::pair{from_to(-48h, -24h), "'client', has expired: it ended "},
                                    {from_to(24h, 48h), "'client', is not valid yet: it begins "}}) {
    folders.replace("client", {"client", {}, false, true, valid});
    fs::copy_file(folders / "client/cert.pem", folders / "server/clients/client.pem",
                  fs::copy_options::overwrite_existing);
    expect_refused(meet(folders.client(), folders.server()),
                   "the server refuses this client's certificate: by its clock it has expired", here);
  }
}

TEST(TlsRefusal, removal_revokes_at_once_for_new_connections) {
  const TlsFolders folders;
  const MakeStream server = folders.server(), client = folders.client();
  EXPECT_TRUE(meet(client, server).greeted());
  fs::rename(folders / "server/clients/client.pem", folders / "removed.pem");
  expect_refused(meet(client, server),
                 "the server refuses this client's certificate: it is not, or no longer, among those let in",
                 "TLS: the client's certificate, 'client', is not, or no longer, among those in ");
  fs::rename(folders / "removed.pem", folders / "server/clients/whatever-name.pem");
  EXPECT_TRUE(meet(client, server).greeted());
}

TEST(TlsRefusal, damaged_files_among_the_clients_let_nobody_in) {
  const TlsFolders folders;
  fs::remove(folders / "server/clients/client.pem");
  std::ofstream(folders / "server/clients/a.pem") << "-----BEGIN CERTIFICATE-----\nAAAA\n";
  fs::create_directory(folders / "server/clients/b.pem");
  std::ofstream(folders / "server/clients/c.pem");
  expect_refused(meet(folders.client(), folders.server()), "no longer, among those let in",
                 "no longer, among those in");
}

TEST(TlsRefusal, a_client_without_a_certificate) {
  const TlsFolders folders;
  fs::remove(folders / "client/cert.pem");
  expect_refused(meet(folders.client(), folders.server()),
                 "TLS: the server expects a certificate of its clients, and none was shown",
                 "TLS: the client showed no certificate: expected one of those let in");
}

TEST(TlsRefusal, certificates_made_for_the_other_side) {
  const TlsFolders folders;
  for (const char* file : {"cert.pem", "key.pem"})
    fs::copy_file(folders / ("server/" + std::string(file)), folders / ("client/" + std::string(file)),
                  fs::copy_options::overwrite_existing);
  fs::copy_file(folders / "server/cert.pem", folders / "server/clients/server.pem");
  expect_refused(meet(folders.client(), folders.server()),
                 "the server refuses this client's certificate: it is not made for a client",
                 "is not made for a client");
}

// A side that speaks TLS 1.2 at most, as OpenSSL's own programs do it. Returns OpenSSL's words.
std::string speak_old_tls(OpenSocket socket, Side side, const TlsFolders& folders) {
  namespace ssl = boost::asio::ssl;
  ssl::context context(ssl::context::tls);
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.use_certificate_chain_file(folders / "server/cert.pem");
  context.use_private_key_file(folders / "server/key.pem", ssl::context::pem);
  ::fcntl(socket.descriptor(), F_SETFL, 0);  // blocking
  const std::unique_ptr<SSL, Released<SSL_free>> tls(SSL_new(context.native_handle()));
  SSL_set_fd(tls.get(), socket.descriptor());
  const int done = side == Side::caller ? SSL_connect(tls.get()) : SSL_accept(tls.get());
  return done == 1 ? "" : openssl_reason();
}

TEST(TlsRefusal, tls_1_2_offered) {
  const TlsFolders folders;
  auto [calling, listening] = socket_pair();
  std::string heard;
  std::thread caller([&, socket = std::move(calling)]() mutable {
    heard = speak_old_tls(std::move(socket), Side::caller, folders);
  });
  const End end = hear(folders.server(), std::move(listening), Side::called);
  caller.join();
  EXPECT_EQ(end.why, "TLS: the client speaks TLS 1.2 or older: expected TLS 1.3");
  EXPECT_THAT(heard, HasSubstr("alert protocol version"));
}

TEST(TlsRefusal, tls_1_2_answered) {
  const TlsFolders folders;
  auto [calling, listening] = socket_pair();
  std::string heard;
  std::thread called([&, socket = std::move(listening)]() mutable {
    heard = speak_old_tls(std::move(socket), Side::called, folders);
  });
  const End end = hear(folders.client(), std::move(calling), Side::caller);
  called.join();
  EXPECT_EQ(end.why, "TLS: the server does not speak TLS 1.3");
  EXPECT_THAT(heard, HasSubstr("unsupported protocol"));
}

TEST(TlsRefusal, plaintext_caller) {
  const TlsFolders folders;
  const Met met = meet(make_plain_stream, folders.server());
  expect_refused(met, "closed by the peer",
                 "the client does not speak TLS, and this side speaks nothing else");
  ASSERT_EQ(met.caller.messages.size(), 1u);
  EXPECT_EQ(met.caller.messages[0].header.kind, Kind::error);
  EXPECT_EQ(text_in(met.caller.messages[0]), "this server speaks TLS only: expected --tls FOLDER");
}

TEST(TlsRefusal, callers_that_speak_neither) {
  const TlsFolders folders;
  for (const std::string first : {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\n"}) {
    auto [calling, listening] = socket_pair();
    ASSERT_EQ(::write(calling.descriptor(), first.data(), first.size()), static_cast<ssize_t>(first.size()));
    ::shutdown(calling.descriptor(), SHUT_WR);
    const End end = hear(folders.server(), std::move(listening), Side::called);
    EXPECT_EQ(end.why, "the client does not speak TLS, and this side speaks nothing else");
    char answer = 0;
    EXPECT_EQ(::read(calling.descriptor(), &answer, 1), 0) << "nothing is said to them";
  }
}

TEST(TlsRefusal, a_server_that_answers_something_else) {
  const TlsFolders folders;
  auto [calling, listening] = socket_pair();
  const std::string banner = "SSH-2.0-OpenSSH_9.2\r\n";
  ASSERT_EQ(::write(listening.descriptor(), banner.data(), banner.size()),
            static_cast<ssize_t>(banner.size()));
  EXPECT_EQ(hear(folders.client(), std::move(calling), Side::caller).why,
            "TLS: the server does not speak TLS, and this side speaks nothing else");
}

TEST(TlsRefusal, plaintext_server) {
  const TlsFolders folders;
  expect_refused(meet(folders.client(), make_plain_stream),
                 "TLS: closed by the server before the handshake was over: does it speak TLS?",
                 "peer speaks TLS, this side does not");
}

}  // namespace
}  // namespace splitwan::tests
